import Functions
import Logging

/// Decides which of the log's entries are written, so that a fault that repeats itself costs a line and not a disk.
/// Pure: the caller measures the time.
///
/// A key identifies a repetition. Its first entries are written at once; the others of the same interval are counted,
/// and the last of them is written with their count when the interval ends. The number of keys of one kind is limited:
/// beyond ``mostKeys`` live ones the kind as a whole is the key, since ten thousand refused topics are one fault.
struct LogRepetitions {
    /// The most keys of one kind that have their own lines in an interval.
    static let mostKeys = 20

    /// An entry as it would be written.
    struct Entry {
        let level: Logger.Level
        let message: Logger.Message
        let metadata: Logger.Metadata
    }

    /// The treatment of an entry.
    enum Verdict: Equatable {
        /// Write it. `opens` names the key whose interval begins now: its end must be reported.
        case write(opens: String?)
        /// It is counted.
        case count
    }

    /// The result of an interval's end.
    struct Summary {
        let entry: Entry
        /// The number of entries counted since the last written one.
        let count: Int
        /// The number of entries since the key was quiet.
        let total: Int
    }

    private struct Repetition {
        let kind: String
        /// How many more entries may be written in this interval.
        var left: Int
        var total = 0
        var counted = 0
        var last: Entry?
    }

    private var repetitions: [String: Repetition] = [:]
    private var keys: [String: Int] = [:]

    /// An entry is to be logged.
    ///
    /// - Parameters:
    ///   - key: the repetition; nil if it is the kind.
    ///   - burst: how many entries of the key are written in an interval before the others are counted.
    mutating func happened(_ entry: Entry, key: String?, burst: Int) -> Verdict {
        let kind = "\(entry.message)"
        var key = key.map { "\(kind) \($0)" } ?? kind
        if self.repetitions[key] == nil, self.keys[kind, default: 0] >= Self.mostKeys { key = kind }
        let isNew = self.repetitions[key] == nil
        if isNew { self.keys[kind, default: 0] += 1 }
        var repetition = self.repetitions[key] ?? Repetition(kind: kind, left: burst)
        repetition.total += 1
        defer { self.repetitions[key] = repetition }
        guard repetition.left > 0 else {
            repetition.counted += 1
            repetition.last = entry
            return .count
        }
        repetition.left -= 1
        return .write(opens: isNew ? key : nil)
    }

    /// A key's interval is over.
    ///
    /// - Returns: the entry to write; then the next interval begins. Nil: the key was quiet and is forgotten.
    mutating func intervalEnded(_ key: String) -> Summary? {
        guard var repetition = self.repetitions[key] else { return nil }
        guard let last = repetition.last else {
            self.repetitions[key] = nil
            self.keys[repetition.kind]? -= 1
            if self.keys[repetition.kind] == 0 { self.keys[repetition.kind] = nil }
            return nil
        }
        let summary = Summary(entry: last, count: repetition.counted, total: repetition.total)
        repetition.left = 0
        repetition.counted = 0
        repetition.last = nil
        self.repetitions[key] = repetition
        return summary
    }
}
