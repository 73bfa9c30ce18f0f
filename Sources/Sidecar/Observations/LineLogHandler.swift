import Glibc
import Logging
import SidecarConfiguration

/// Writes the log to standard error, a line an entry: for people, or as JSON for programs.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: LogSettings.Format

    init(_ settings: LogSettings) {
        self.logLevel = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        self.format = settings.format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
            .map { (key: $0.key, value: "\($0.value)") }
            .sorted { $0.key < $1.key }
        let line =
            switch self.format {
            case .text: Self.text(event.level, "\(event.message)", metadata)
            case .json: Self.json(event.level, "\(event.message)", metadata)
            }
        Self.write(line)
    }

    private static func text(_ level: Logger.Level, _ message: String, _ metadata: [(key: String, value: String)])
        -> String
    {
        var line = "\(Self.now) \(level.rawValue) \(message)"
        for (key, value) in metadata { line += " \(key)=\(Self.quotedIfNeeded(value))" }
        return line + "\n"
    }

    private static func json(_ level: Logger.Level, _ message: String, _ metadata: [(key: String, value: String)])
        -> String
    {
        let fields =
            [("time", Self.now), ("level", level.rawValue), ("message", message)] + metadata.map { ($0.key, $0.value) }
        return "{" + fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }.joined(separator: ",") + "}\n"
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        return isPlain ? text : Self.quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// The time as RFC 3339, in UTC with milliseconds.
    private static var now: String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func digits(_ number: Int, _ count: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(count - text.count, 0)) + text
        }
        let date = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        let clock = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
        return date.map { digits($0.0, $0.1) }.joined(separator: "-") + "T"
            + clock.map { digits($0, 2) }.joined(separator: ":") + ".\(digits(time.tv_nsec / 1_000_000, 3))Z"
    }

    /// A line in one call, so that lines are never mixed.
    private static func write(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                guard written > 0 || errno == EINTR else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(written, 0)))
            }
        }
    }
}
