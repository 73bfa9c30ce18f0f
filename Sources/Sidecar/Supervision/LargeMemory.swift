internal import CEpoll

/// How the memory of large messages is given back.
enum LargeMemory {
    /// Four mebibytes: what is smaller comes often, and is cheaper from the heap.
    private static let least: Int32 = 4 << 20

    /// From here on what held a large message goes back to the system with it.
    ///
    /// By default glibc learns from each large piece that is freed to take the next one from the heap, up to 32 MiB. There a small piece behind it
    /// keeps it from going back: forty documents of 12 MiB, two at a time, took 500 MiB instead of 70.
    static func giveBack() {
        wamp_sidecar_return_memory(self.least)
    }
}
