import NIOCore

/// An input of a protocol's target: an octet of choices, one that says how the rest is cut into pieces, and the rest.
struct Input {
    /// What is tried, bit by bit: the target's own.
    let choices: UInt8
    /// What comes from the other end.
    let octets: [UInt8]
    private let seed: UInt8

    /// Nil if it is too short.
    init?(_ input: [UInt8]) {
        guard input.count >= 2 else { return nil }
        self.choices = input[0]
        self.seed = input[1]
        self.octets = Array(input[2...])
    }

    /// Whether a bit of the choices is set.
    func chooses(_ bit: Int) -> Bool { self.choices >> UInt8(bit) & 1 == 1 }

    /// All that comes, at once.
    var whole: [ByteBuffer] { [ByteBuffer(bytes: self.octets)] }

    /// The same in pieces: octet by octet for the seed 0, else of lengths that follow from the seed.
    var pieces: [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        var state = UInt64(self.seed)
        var start = 0
        while start < self.octets.count {
            // The generator of Knuth's MMIX.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let length = self.seed == 0 ? 1 : 1 + Int(state >> 33) % (Int(self.seed) * 2)
            let end = min(start + length, self.octets.count)
            pieces.append(ByteBuffer(bytes: self.octets[start..<end]))
            start = end
        }
        return pieces
    }
}
