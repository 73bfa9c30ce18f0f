internal import Glibc

/// What the system says about this process.
struct ProcessFigures: Measured {
    /// When it began, in seconds since 1970.
    let start: Double

    /// It begins now.
    init() {
        self.start = Self.now
    }

    /// In seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    func measure(into exposition: inout Exposition) {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        exposition.begin(.processCPU)
        exposition.add(Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
        exposition.begin(.processResident)
        if let octets = Self.residentOctets { exposition.add(octets) }
        exposition.begin(.processOpenDescriptors)
        if let count = Self.openDescriptors { exposition.add(count) }
        exposition.begin(.processMostDescriptors)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            exposition.add(Int(clamping: limit.rlim_cur))
        }
        exposition.begin(.processStart)
        exposition.add(self.start)
    }

    /// The second field of `/proc/self/statm`, in pages.
    private static var residentOctets: Int? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let text = String(unsafeUninitializedCapacity: 128) { max(read(file, $0.baseAddress, $0.count), 0) }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without the folder itself, the one above it, and the descriptor that reads it.
        return count - 3
    }
}
