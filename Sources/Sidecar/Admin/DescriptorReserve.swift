import Glibc

/// A descriptor that is open for nothing, so that there is one for whoever comes when all others are used.
final class DescriptorReserve {
    private var descriptor: Int32?

    init() { self.refill() }

    deinit { self.spend() }

    /// Takes a descriptor again, if there is one.
    func refill() {
        guard self.descriptor == nil else { return }
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 { self.descriptor = descriptor }
    }

    /// Gives it up; whether there was one.
    @discardableResult
    func spend() -> Bool {
        guard let descriptor = self.descriptor else { return false }
        self.descriptor = nil
        Glibc.close(descriptor)
        return true
    }
}
