import Glibc
import Logging
import SidecarConfiguration

/// Makes a line of each entry, for people or as JSON for programs, and hands it to the writer.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: LogSettings.Format
    private let writer: LogWriter

    init(_ settings: LogSettings, writer: LogWriter) {
        self.logLevel = Logger.Level(settings.level)
        self.format = settings.format
        self.writer = writer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        self.writer.append(Self.line(event.level, "\(event.message)", metadata: metadata, self.format))
    }

    /// An entry's line, with its line end.
    static func line(
        _ level: Logger.Level, _ message: String, metadata: Logger.Metadata, _ format: LogSettings.Format
    ) -> String {
        let metadata = metadata.map { (key: $0.key, value: LogText.cut("\($0.value)")) }.sorted { $0.key < $1.key }
        return switch format {
        case .text: Self.text(level, message, metadata)
        case .json: Self.json(level, message, metadata)
        }
    }

    private static func text(_ level: Logger.Level, _ message: String, _ metadata: [(key: String, value: String)])
        -> String
    {
        var line = "\(Self.now) \(level.rawValue) \(message)"
        for (key, value) in metadata { line += " \(key)=\(LogText.quotedIfNeeded(value))" }
        return line + "\n"
    }

    private static func json(_ level: Logger.Level, _ message: String, _ metadata: [(key: String, value: String)])
        -> String
    {
        let fields =
            [("time", Self.now), ("level", level.rawValue), ("message", message)] + metadata.map { ($0.key, $0.value) }
        return "{" + fields.map { "\(LogText.quoted($0.0)):\(LogText.quoted($0.1))" }.joined(separator: ",") + "}\n"
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
}
