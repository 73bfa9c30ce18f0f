import Glibc

/// Commands of the shell.
package enum Shell {
    /// Runs one; what it writes (errors too), and its exit code.
    @discardableResult
    package static func run(_ command: String) -> (output: String, status: Int32) {
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
    package static func has(_ program: String) -> Bool {
        self.run("command -v \(program)").status == 0
    }
}
