/// RawSocket frames for the peer, gathered so that one turn of the loop needs one system call.
struct OutgoingBytes {
    private(set) var bytes: [UInt8] = []
    private var frameStart = 0

    /// The serializer.
    var wire = Wire.json
    /// In JSON: a value precedes the next one.
    var needsComma = false

    init() {
        bytes.reserveCapacity(1 << 17)
    }

    /// Begins a frame of the given RawSocket type (0 message, 2 PONG); `endFrame` writes its length.
    mutating func beginFrame(type: UInt8 = 0) {
        frameStart = bytes.count
        needsComma = false
        bytes.append(type)
        bytes.append(0)
        bytes.append(0)
        bytes.append(0)
    }

    /// Ends the innermost frame. Frames of 16 MiB and more are not made here.
    mutating func endFrame() {
        let length = bytes.count - frameStart - 4
        bytes[frameStart + 1] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[frameStart + 2] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[frameStart + 3] = UInt8(truncatingIfNeeded: length)
    }

    mutating func append(_ octet: UInt8) {
        bytes.append(octet)
    }

    mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ other: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: other)
    }

    mutating func append(_ other: [UInt8]) {
        bytes.append(contentsOf: other)
    }

    /// Appends a number in decimal digits; negative ones become 0.
    mutating func append(_ number: Int) {
        var divisor = 1
        var rest = max(0, number)
        while rest / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    /// Forgets everything, keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }
}
