/// Takes octets of a message, one after the other; each read is checked against the end.
///
/// It lives within one `withUnsafeReadableBytes` closure.
struct OctetReader {
    /// The next octet to read.
    private(set) var index = 0

    private let octets: UnsafeRawBufferPointer

    /// Reads the given octets, from the first on.
    init(_ octets: UnsafeRawBufferPointer) {
        self.octets = octets
    }

    /// How many octets are left.
    @inline(__always)
    var remaining: Int { self.octets.count &- self.index }

    /// The octet under the cursor; nil at the end.
    @inline(__always)
    var next: UInt8? {
        self.index < self.octets.count ? self.octets[self.index] : nil
    }

    /// Takes one octet.
    @inline(__always)
    mutating func octet() throws(FormatError) -> UInt8 {
        guard let octet = self.next else { throw FormatError(.unexpectedEnd, at: self.index) }
        self.index &+= 1
        return octet
    }

    /// Takes an integer, the highest octet first.
    @inline(__always)
    mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws(FormatError) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard self.remaining >= size else { throw FormatError(.unexpectedEnd, at: self.index) }
        let integer = Integer(bigEndian: self.octets.loadUnaligned(fromByteOffset: self.index, as: type))
        self.index &+= size
        return integer
    }

    /// Takes so many octets.
    @inline(__always)
    mutating func slice(_ count: UInt64) throws(FormatError) -> UnsafeRawBufferPointer {
        let count = try self.checked(count)
        let slice = UnsafeRawBufferPointer(rebasing: self.octets[self.index..<(self.index &+ count)])
        self.index &+= count
        return slice
    }

    /// A count of values to come, each of which has at least so many octets. A count that can't be true is refused
    /// before any memory is reserved for it.
    @inline(__always)
    func checked(_ count: UInt64, octetsEach: Int = 1) throws(FormatError) -> Int {
        guard count <= UInt64(self.remaining / octetsEach) else { throw FormatError(.unexpectedEnd, at: self.index) }
        return Int(truncatingIfNeeded: count)
    }
}
