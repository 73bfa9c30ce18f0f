import Glibc
import Logging
import SidecarConfiguration

/// Makes a line of each entry, for people or as JSON for programs, and hands it to the writer.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let style: LogStyle
    private let writer: LogWriter

    init(_ level: LogSettings.Level, _ style: LogStyle, writer: LogWriter) {
        self.logLevel = Logger.Level(level)
        self.style = style
        self.writer = writer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
        self.writer.append(Self.line(event.level, "\(event.message)", metadata: metadata, self.style))
    }

    private typealias Pair = (key: String, value: Value)

    /// A value of the metadata.
    private enum Value {
        case number(Int)
        case text(String)

        init(_ value: Logger.MetadataValue) {
            if case .stringConvertible(let value) = value, let number = value as? Int {
                self = .number(number)
            } else {
                self = .text(LogText.cut("\(value)"))
            }
        }
    }

    /// An entry's line, with its line end.
    static func line(
        _ level: Logger.Level, _ message: String, metadata: Logger.Metadata, _ style: LogStyle
    ) -> String {
        let metadata = metadata.map { (key: $0.key, value: Value($0.value)) }.sorted { $0.key < $1.key }
        let line =
            switch style.format {
            case .text: Self.text(level, message, metadata, style.reader)
            case .json: Self.json(level, message, metadata)
            }
        return switch style.reader {
        case .plain, .terminal: line
        case .journal: "<\(level.priority)>\(line)"
        }
    }

    private static func text(
        _ level: Logger.Level, _ message: String, _ metadata: [Pair], _ reader: LogStyle.Reader
    ) -> String {
        let pairs = metadata.map { key, value in
            switch value {
            case .number(let number): (key, "\(number)")
            case .text(let text): (key, LogText.quotedIfNeeded(text))
            }
        }
        switch reader {
        case .plain:
            return "\(Self.now) \(level.rawValue) \(message)" + pairs.map { " \($0)=\($1)" }.joined() + "\n"
        case .terminal:
            let (dim, end) = ("\u{1B}[2m", "\u{1B}[0m")
            return "\(dim)\(Self.now)\(end) \(level.colour)\(level.rawValue)\(end) \(message)"
                + pairs.map { " \(dim)\($0)=\(end)\($1)" }.joined() + "\n"
        case .journal:
            return "\(level.rawValue) \(message)" + pairs.map { " \($0)=\($1)" }.joined() + "\n"
        }
    }

    private static func json(_ level: Logger.Level, _ message: String, _ metadata: [Pair]) -> String {
        let fields =
            [("time", Value.text(Self.now)), ("level", .text(level.rawValue)), ("message", .text(message))] + metadata
        let members = fields.map { key, value in
            switch value {
            case .number(let number): "\(LogText.quoted(key)):\(number)"
            case .text(let text): "\(LogText.quoted(key)):\(LogText.quoted(text))"
            }
        }
        return "{" + members.joined(separator: ",") + "}\n"
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

extension Logger.Level {
    /// The priority of syslog.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// What makes a terminal write in the level's colour.
    fileprivate var colour: String {
        switch self {
        case .trace, .debug: "\u{1B}[2m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error, .critical: "\u{1B}[31m"
        }
    }
}
