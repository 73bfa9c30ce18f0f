import ArgumentParser
import Glibc
import Sidecar
import SidecarConfiguration

/// What the commands say, and how they end.
enum Console {
    /// `EX_CONFIG` of sysexits.
    private static let faultyConfiguration = ExitCode(78)

    /// Reads the configuration, or prints all its faults and ends with 78.
    static func load(_ path: String) throws -> Configuration {
        do {
            return try Sidecar.load(path: path, environment: self.environment)
        } catch {
            error.faults.forEach { self.complain("\($0)") }
            throw self.faultyConfiguration
        }
    }

    /// Ends the process without the handlers of `exit`: OpenSSL's would take away what a thread that still connects to the database uses.
    static func end(_ status: ExitCode) -> Never {
        fflush(nil)
        _exit(status.rawValue)
    }

    /// A line on standard error.
    static func complain(_ text: String) {
        let line = text + "\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    /// The environment's variables.
    private static var environment: [String: String] {
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
