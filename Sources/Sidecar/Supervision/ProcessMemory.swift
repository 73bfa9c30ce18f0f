internal import CEpoll

/// How memory is returned to the system.
enum ProcessMemory {
    /// Four mebibytes: smaller pieces come often, and are cheaper from the heap.
    private static let least: Int32 = 4 << 20

    /// From this size on memory returns to the system with its message.
    ///
    /// By default glibc learns from each large piece that is freed to take the next one from the heap, up to 32 MiB.
    /// There a small piece behind it prevents its return: forty documents of 12 MiB, two at a time, took 500 MiB
    /// instead of 70.
    static func giveBackWithMessages() {
        wamp_sidecar_return_memory(self.least)
    }

    /// What only the start needed of the program's and the libraries' code, about half of all resident memory. What is
    /// needed again costs a page fault.
    static func giveBackCode() {
        wamp_sidecar_return_code()
    }
}
