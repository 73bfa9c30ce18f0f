import ArgumentParser
import Glibc
import SQLInterface
import Sidecar
import SidecarConfiguration

/// What the commands print, and how they end.
enum Console {
    /// `EX_CONFIG` of sysexits.
    static let faultyConfiguration = ExitCode(78)

    /// Reads the configuration, or prints all its faults and ends with 78.
    static func load(_ path: String) throws -> Configuration {
        do {
            return try Sidecar.load(path: path, environment: self.environment)
        } catch {
            throw self.faulty(error)
        }
    }

    /// Prints all faults of a configuration; returns the exit code.
    static func faulty(_ faults: ConfigurationFaults) -> ExitCode {
        faults.faults.forEach { self.complain("\($0)") }
        return self.faultyConfiguration
    }

    /// Prints why a configuration without faults can't be run, and ends.
    static func end(because error: any Error) -> Never {
        self.complain("\(error)")
        self.end(.failure)
    }

    /// Prints what is wrong with a command line, and the usage; returns the exit code.
    static func misused(_ command: any ParsableCommand.Type, _ problem: String) -> ExitCode {
        let usage = WampSidecar.usageString(for: command)
        self.complain(
            "Error: \(problem)\nUsage: \(usage)\n"
                + "  See 'wamp-sidecar \(command._commandName) --help' for more information.")
        return .validationFailure
    }

    /// Runs it, and ends the process: with 0, or with 1 and the error.
    static func attempt(_ body: () throws -> Void) throws -> Never {
        do {
            try body()
        } catch let code as ExitCode {
            self.end(code)
        } catch {
            self.complain("\(error)")
            self.end(.failure)
        }
        self.end(.success)
    }

    /// Ends the process without the handlers of `exit`: OpenSSL's would free what a thread uses that still connects to
    /// the database.
    static func end(_ status: ExitCode) -> Never {
        fflush(nil)
        _exit(status.rawValue)
    }

    /// True if a person reads standard output, and not a program.
    static var isOnTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Prints a line on standard error, after what standard output has so far.
    static func complain(_ text: String) {
        fflush(nil)
        self.write(text + "\n")
    }

    /// Does long work, and shows how far it is if standard error is a terminal: as one line, which is gone in the end.
    ///
    /// - Parameter deed: what is done with the things: `dead letters retried`.
    static func withProgress<Value>(_ deed: String, _ body: (DeadLetters.Progress) throws -> Value) rethrows -> Value {
        guard isatty(STDERR_FILENO) == 1 else { return try body { _, _ in } }
        var line = ProgressLine(deed)
        let start = ContinuousClock.now
        defer { if let text = line.ended() { self.write(text) } }
        return try body { done, all in
            guard let text = line.advanced(to: done, of: all, at: .now - start, columns: self.columns) else { return }
            self.write(text)
        }
    }

    /// How wide the terminal behind standard error is; nil if it does not say.
    private static var columns: Int? {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    private static func write(_ text: String) {
        _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }

    /// The first line of a file, for a password: editors end it with a line break.
    static func firstLine(of path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw FileFault(path: path, reason: String(cString: strerror(errno))) }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        let count = getline(&line, &capacity, file)
        defer { free(line) }
        guard count > 0, let line else { throw FileFault(path: path, reason: "it is empty") }
        return String(String(cString: line).prefix { !$0.isNewline })
    }

    /// The environment's variables.
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let split = text.firstIndex(of: "=") {
                variables[String(text[..<split])] = String(text[text.index(after: split)...])
            }
            next += 1
        }
        return variables
    }
}

/// A file that can't be read.
struct FileFault: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(self.path): \(self.reason)" }
}
