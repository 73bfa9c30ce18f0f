internal import NIOCore

/// Writes the octets of one message into reserved memory: the hot path, without a check of the buffer's state for each
/// piece. What does not fit is not written (unreachable: the caller reserves enough).
struct OctetWriter {
    /// How many octets were written.
    private(set) var count = 0

    private let target: UnsafeMutableRawBufferPointer

    /// Writes into the given memory, which must outlive the writer.
    @inline(__always)
    init(_ target: UnsafeMutableRawBufferPointer) {
        self.target = target
    }

    /// Writes one octet.
    @inline(__always)
    mutating func write(_ octet: UInt8) {
        guard self.fits(1) else { return }
        self.target[self.count] = octet
        self.count &+= 1
    }

    /// Writes a constant.
    @inline(__always)
    mutating func write(_ text: StaticString) {
        self.write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes the readable octets of a buffer.
    @inline(__always)
    mutating func write(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { self.write($0) }
    }

    /// Writes some octets.
    @inline(__always)
    mutating func write(_ octets: UnsafeRawBufferPointer) {
        guard self.fits(octets.count), let source = octets.baseAddress, let target = self.target.baseAddress else {
            return
        }
        (target + self.count).copyMemory(from: source, byteCount: octets.count)
        self.count &+= octets.count
    }

    /// Writes an integer, the highest octet first.
    @inline(__always)
    mutating func write(bigEndian integer: some FixedWidthInteger & BitwiseCopyable) {
        let size = MemoryLayout.size(ofValue: integer)
        guard self.fits(size), let target = self.target.baseAddress else { return }
        (target + self.count).storeBytes(of: integer.bigEndian, as: type(of: integer))
        self.count &+= size
    }

    /// The memory behind the written octets, except for the given number of them.
    func room(after octets: Int) -> UnsafeMutableRawBufferPointer {
        let start = min(self.count &+ octets, self.target.count)
        return UnsafeMutableRawBufferPointer(rebasing: self.target[start...])
    }

    /// Counts octets as written that are already in this memory, at that place or behind it.
    mutating func take(_ octets: Int, from place: Int) {
        guard self.fits(octets) else { return }
        self.move(from: place, to: self.count, count: octets)
        self.count &+= octets
    }

    /// Moves octets; their source and destination may overlap.
    mutating func move(from start: Int, to destination: Int, count: Int) {
        guard count > 0, start != destination, let target = self.target.baseAddress,
            max(start, destination) &+ count <= self.target.count
        else { return }
        (target + destination).copyMemory(from: target + start, byteCount: count)
    }

    /// Goes on writing at another place.
    mutating func seek(_ place: Int) {
        assert(place <= self.target.count)
        self.count = min(place, self.target.count)
    }

    /// Writes an integer in decimal.
    mutating func write(_ integer: Int64) {
        var rest = integer.magnitude
        var digits = 1
        var power: UInt64 = 10
        while digits < 19, rest >= power {
            digits &+= 1
            power &*= 10
        }
        guard self.fits(digits &+ 1) else { return }
        if integer < 0 { self.write(UInt8(ascii: "-")) }
        var place = self.count &+ digits
        self.count = place
        repeat {
            place &-= 1
            let quotient = rest / 10
            self.target[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
            rest = quotient
            digits &-= 1
        } while digits > 0
    }

    @inline(__always)
    private func fits(_ octets: Int) -> Bool {
        let fits = octets <= self.target.count &- self.count
        assert(fits, "room for the whole message was reserved")
        return fits
    }
}
