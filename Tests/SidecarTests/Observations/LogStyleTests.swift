import Logging
import SidecarConfiguration
import Testing

@testable import Sidecar

@Suite struct LogStyleTests {
    private static let metadata: Logger.Metadata = [
        "count": .number(12), "digits": "12", "reason": "a \u{1B}[31m\"b\"", "retry_in": "4 s",
    ]

    private static func line(_ style: LogStyle, _ level: Logger.Level = .warning) -> String {
        LineLogHandler.line(level, "router lost", metadata: self.metadata, style)
    }

    /// Without the time at the beginning.
    private static func withoutTime(_ line: String) -> String {
        line.firstIndex(of: " ").map { String(line[line.index(after: $0)...]) } ?? line
    }

    @Test func plainText() {
        let line = Self.line(LogStyle(format: .text, reader: .plain))
        #expect(line.hasPrefix("20") && line.prefix(24).hasSuffix("Z"))
        #expect(
            Self.withoutTime(line)
                == #"warning router lost count=12 digits=12 reason="a \u001b[31m\"b\"" retry_in="4 s""# + "\n")
    }

    @Test func colours() {
        let line = Self.line(LogStyle(format: .text, reader: .terminal))
        #expect(line.contains("\u{1B}[33mwarning\u{1B}[0m router lost \u{1B}[2mcount=\u{1B}[0m12 "))
        #expect(line.contains(#"reason=\#u{1B}[0m"a \u001b[31m\"b\"""#))
        #expect(Self.line(LogStyle(format: .text, reader: .terminal), .error).contains("\u{1B}[31merror\u{1B}[0m "))
    }

    @Test(
        arguments: [
            (.trace, "<7>trace "), (.debug, "<7>debug "), (.info, "<6>info "), (.notice, "<5>notice "),
            (.warning, "<4>warning "), (.error, "<3>error "), (.critical, "<2>critical "),
        ] as [(Logger.Level, String)])
    func priorities(_ level: Logger.Level, _ beginning: String) {
        #expect(
            Self.line(LogStyle(format: .text, reader: .journal), level).hasPrefix(beginning + "router lost count=12 "))
    }

    @Test func json() {
        let expected =
            #""level":"warning","message":"router lost","count":12,"digits":"12","reason":"a \u001b[31m\"b\"","#
            + #""retry_in":"4 s"}"# + "\n"
        for reader in [LogStyle.Reader.plain, .terminal] {
            let line = Self.line(LogStyle(format: .json, reader: reader))
            #expect(line.hasPrefix(#"{"time":"20"#) && line.hasSuffix(expected))
        }
        let line = Self.line(LogStyle(format: .json, reader: .journal))
        #expect(line.hasPrefix(#"<4>{"time":"20"#) && line.hasSuffix(expected))
    }

    @Test(
        arguments: [
            (true, ["TERM": "xterm"], .terminal), (true, ["TERM": "xterm", "NO_COLOR": ""], .terminal),
            (true, ["TERM": "xterm", "NO_COLOR": "1"], .plain), (true, ["TERM": "dumb"], .plain), (true, [:], .plain),
            (false, ["TERM": "xterm"], .plain), (false, ["JOURNAL_STREAM": "9:123"], .journal),
            (true, ["TERM": "xterm", "JOURNAL_STREAM": "9:123"], .journal),
            (false, ["JOURNAL_STREAM": "9:124"], .plain), (false, ["JOURNAL_STREAM": "8:123"], .plain),
            (false, ["JOURNAL_STREAM": "9:123:4"], .plain), (false, ["JOURNAL_STREAM": "9:"], .plain),
            (false, ["JOURNAL_STREAM": ""], .plain), (false, ["JOURNAL_STREAM": "-9:123"], .plain),
        ] as [(Bool, [String: String], LogStyle.Reader)])
    func readers(_ isTerminal: Bool, _ environment: [String: String], _ expected: LogStyle.Reader) {
        let file = LogStyle.File(device: 9, inode: 123)
        #expect(LogStyle.Reader(file: file, isTerminal: isTerminal, environment: environment) == expected)
        guard expected == .journal else { return }
        #expect(LogStyle.Reader(file: nil, isTerminal: false, environment: environment) == .plain)
    }
}
