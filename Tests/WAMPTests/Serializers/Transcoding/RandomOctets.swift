@testable import WAMP

/// Makes random values of a binary format, in all of its forms: superfluous widths, indefinite lengths, tags, extension
/// types, half and single precision. Each is well-formed, and each of its numbers can be written in JSON.
struct RandomOctets {
    private let id: SerializerID
    private var generator: SeededGenerator
    private var octets: [UInt8] = []

    init(_ id: SerializerID, seed: UInt64) {
        self.id = id
        self.generator = SeededGenerator(seed: seed)
    }

    /// The next value.
    mutating func next() -> [UInt8] {
        self.octets = []
        self.write(depth: 0)
        return self.octets
    }

    private mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.generator) }

    private mutating func append(_ count: Int) {
        for _ in 0..<count { self.octets.append(UInt8.random(in: .min ... .max, using: &self.generator)) }
    }

    private mutating func append(_ integer: Int, width: Int) {
        for place in (0..<width).reversed() { self.octets.append(UInt8(truncatingIfNeeded: integer >> (8 * place))) }
    }

    private mutating func write(depth: Int) {
        self.id == .msgpack ? self.writeMessagePack(depth) : self.writeCBOR(depth)
    }

    private mutating func characters() -> [UInt8] {
        let pool = ["a", "\"", "\\", "\u{1}", "\n", "é", "€", "😀", "\u{7F}", " long enough to be copied by words "]
        return (0..<self.pick(0...4)).flatMap { _ in Array((pool.randomElement(using: &self.generator) ?? "").utf8) }
    }

    private mutating func writeMessagePack(_ depth: Int) {
        switch self.pick(0...(depth < 4 ? 10 : 7)) {
        case 0:
            self.octets.append([0xC0, 0xC2, 0xC3, 0x00, 0x7F, 0xE0, 0xFF].randomElement(using: &self.generator) ?? 0)
        case 1:
            let first = UInt8(self.pick(0xCC...0xD3))
            self.octets.append(first)
            self.append(1 << Int((first - 0xCC) % 4))
        case 2:
            self.octets.append(0xCB)
            self.append(Double(self.pick(-1_000_000...1_000_000)) / 64)
        case 3:
            self.octets.append(0xCA)
            self.append(Int(Float(self.pick(-1_000_000...1_000_000) / 64).bitPattern), width: 4)
        case 4, 5: self.writeText(widths: [(0xD9, 1), (0xDA, 2), (0xDB, 4)])
        case 6:
            let count = self.pick(0...9)
            let width = self.pick(0...2)
            self.octets.append(0xC4 + UInt8(width))
            self.append(count, width: 1 << width)
            self.append(count)
        case 7:
            let count = self.pick(0...20)
            if self.pick(0...1) == 0 {
                self.octets.append(0xC7)
                self.octets.append(UInt8(count))
                self.append(1 + count)
            } else {
                let power = self.pick(0...4)
                self.octets.append(0xD4 + UInt8(power))
                self.octets.append(UInt8.random(in: 0...255, using: &self.generator))
                self.append(1 << power)
            }
        case 8, 9:
            let count = self.pick(0...6)
            self.writeHead(count, short: 0x90, wide: [(0xDC, 2), (0xDD, 4)])
            for _ in 0..<count { self.write(depth: depth + 1) }
        default:
            let count = self.pick(0...6)
            self.writeHead(count, short: 0x80, wide: [(0xDE, 2), (0xDF, 4)])
            for _ in 0..<count {
                self.writeText(widths: [(0xD9, 1), (0xDA, 2), (0xDB, 4)])
                self.write(depth: depth + 1)
            }
        }
    }

    private mutating func append(_ double: Double) {
        self.append(Int(bitPattern: UInt(double.bitPattern)), width: 8)
    }

    private mutating func writeHead(_ count: Int, short: UInt8, wide: [(UInt8, Int)]) {
        if self.pick(0...1) == 0 {
            self.octets.append(short | UInt8(count))
        } else if let (first, width) = wide.randomElement(using: &self.generator) {
            self.octets.append(first)
            self.append(count, width: width)
        }
    }

    private mutating func writeText(widths: [(UInt8, Int)]) {
        let characters = self.characters()
        if characters.count < 32, self.pick(0...1) == 0 {
            self.octets.append(0xA0 | UInt8(characters.count))
        } else if let (first, width) = widths.filter({ $0.1 > 1 || characters.count < 256 }).randomElement(
            using: &self.generator)
        {
            self.octets.append(first)
            self.append(characters.count, width: width)
        }
        self.octets += characters
    }

    private mutating func writeCBOR(_ depth: Int) {
        if self.pick(0...5) == 0 {
            let tag = [0, 1, 4, 5, 21, 22, 24, 258, 55_799].randomElement(using: &self.generator) ?? 0
            self.writeHead(6, tag)
        }
        switch self.pick(0...(depth < 4 ? 10 : 7)) {
        case 0:
            self.octets.append(
                [0xF4, 0xF5, 0xF6, 0xF7, 0xE5, 0x00, 0x17, 0x20].randomElement(using: &self.generator) ?? 0)
        case 1: self.writeHead(self.pick(0...1), self.pick(0...Int.max) >> self.pick(0...62))
        case 2:
            self.octets.append(0xFB)
            self.append(Double(self.pick(-1_000_000...1_000_000)) / 64)
        case 3:
            self.octets.append(0xF9)
            self.append(self.pick(0...0x7BFF), width: 2)
        case 4, 5: self.writeText()
        case 6: self.writeString(2, (0..<self.pick(0...9)).map { _ in UInt8(self.pick(0...255)) })
        case 7:
            self.octets.append(UInt8(self.pick(0xC2...0xC3)))
            self.writeString(2, (0..<self.pick(0...4)).map { _ in UInt8(self.pick(0...255)) })
        case 8, 9:
            let count = self.pick(0...6)
            self.open(4, count) { random in random.write(depth: depth + 1) }
        default:
            let count = self.pick(0...6)
            self.open(5, count) { random in
                random.writeText()
                random.write(depth: depth + 1)
            }
        }
    }

    private mutating func open(_ major: Int, _ count: Int, _ element: (inout RandomOctets) -> Void) {
        let isIndefinite = self.pick(0...1) == 0
        if isIndefinite {
            self.octets.append(UInt8(major) << 5 | 31)
        } else {
            self.writeHead(major, count)
        }
        for _ in 0..<count { element(&self) }
        if isIndefinite { self.octets.append(0xFF) }
    }

    private mutating func writeText() { self.writeString(3, self.characters()) }

    private mutating func writeString(_ major: Int, _ string: [UInt8]) {
        guard self.pick(0...2) == 0 else {
            self.writeHead(major, string.count)
            self.octets += string
            return
        }
        self.octets.append(UInt8(major) << 5 | 31)
        for _ in 0..<self.pick(0...2) {
            self.writeHead(major, string.count)
            self.octets += string
        }
        self.octets.append(0xFF)
    }

    /// In any width that holds the argument.
    private mutating func writeHead(_ major: Int, _ argument: Int) {
        let width = [0, 1, 2, 4, 8].filter {
            $0 == 0 ? argument < 24 : $0 == 8 || argument < 1 << (8 * $0)
        }.randomElement(using: &self.generator)
        switch width {
        case 0: self.octets.append(UInt8(major) << 5 | UInt8(argument))
        case 1, 2, 4, 8:
            let information: UInt8 = width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27
            self.octets.append(UInt8(major) << 5 | information)
            self.append(argument, width: width ?? 0)
        default: break
        }
    }
}
