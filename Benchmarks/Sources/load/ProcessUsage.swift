import Glibc

/// A process's resource usage according to the kernel, from /proc.
struct ProcessUsage {
    /// Resident memory, in KiB (VmRSS).
    let resident: Int
    /// The most it ever was, in KiB (VmHWM).
    let residentPeak: Int
    /// Processor time of all its threads, user and system, in microseconds; in steps of the kernel's tick, 10 ms.
    let processorTime: Int

    /// Nil if there is no such process.
    init?(of id: pid_t) {
        guard let status = Self.read("/proc/\(id)/status"), let stat = Self.read("/proc/\(id)/stat") else { return nil }
        var resident = 0
        var peak = 0
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, let number = Int(words[1]) else { continue }
            if words[0] == "VmRSS:" { resident = number }
            if words[0] == "VmHWM:" { peak = number }
        }
        // The command's name, in parentheses, may hold blanks; after it utime and stime are the fields 12 and 13.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else { return nil }
        self.resident = resident
        residentPeak = peak
        processorTime = (user + system) * (1_000_000 / max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
