import Glibc

/// Commands of the shell.
enum Shell {
    /// Runs one; what it writes (errors too), and its exit code.
    static func run(_ command: String) -> (output: String, status: Int32) {
        guard let pipe = popen("(\(command)) 2>&1 </dev/null", "r") else { return ("", -1) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { break }
            output += buffer[..<count]
        }
        return (String(decoding: output, as: UTF8.self), pclose(pipe) >> 8)
    }

    /// Whether a program is there.
    static func has(_ program: String) -> Bool {
        self.run("command -v \(program)").status == 0
    }
}

/// A folder that is gone when the test is over.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() {
        self.path = Shell.run("mktemp -d").output.filter { !$0.isNewline }
    }

    deinit {
        if self.path.hasPrefix("/tmp/") { _ = Shell.run("rm -r '\(self.path)'") }
    }
}
