import NIOCore

@testable import WAMP

/// Makes random JSON text in the form that the decoders write: there is no other way to write it.
struct RandomJSON {
    private var generator: SeededGenerator
    private(set) var text = ByteBuffer()

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    /// The next value.
    mutating func next() -> String {
        self.text.clear()
        self.write(depth: 0)
        return String(buffer: self.text)
    }

    private mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self.generator) }

    private mutating func write(depth: Int) {
        switch self.pick(0...(depth < 4 ? 11 : 8)) {
        case 0: self.text.writeString("null")
        case 1: self.text.writeString("true")
        case 2: self.text.writeString("false")
        case 3: self.writeInteger()
        case 4: self.writeDouble()
        case 5, 6: self.writeText()
        case 7:
            let count = self.size()
            JSON.write(
                binary: (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self.generator) },
                into: &self.text)
        case 8: self.text.writeString(String(self.pick(-200...200)))
        case 9, 10: self.writeList(depth: depth)
        default: self.writeDictionary(depth: depth)
        }
    }

    /// Mostly small, sometimes at one of the bounds of the formats.
    private mutating func size() -> Int {
        switch self.pick(0...99) {
        case 0: [255, 256, 257].randomElement(using: &self.generator) ?? 0
        case 1...9: [15, 16, 17, 23, 24, 25, 31, 32, 33].randomElement(using: &self.generator) ?? 0
        default: self.pick(0...4)
        }
    }

    private mutating func writeInteger() {
        let magnitude = UInt64.random(in: .min ... .max, using: &self.generator) >> UInt64(self.pick(0...63))
        let edge = (UInt64(1) << UInt64(self.pick(0...63))) &- UInt64(self.pick(0...1))
        let integer = self.pick(0...3) == 0 ? edge : magnitude
        let isNegative = integer > 0 && integer <= UInt64(1) << 63 && self.pick(0...1) == 0
        self.text.writeString((isNegative ? "-" : "") + String(integer))
    }

    private mutating func writeDouble() {
        var double = Double(bitPattern: UInt64.random(in: .min ... .max, using: &self.generator))
        if self.pick(0...1) == 0 { double = Double(self.pick(-100_000...100_000)) / 1000 }
        self.text.writeString(double.isFinite ? double.description : "-0.0")
    }

    private mutating func string() -> String {
        var string = ""
        for _ in 0..<self.size() {
            let scalar: UInt32
            switch self.pick(0...19) {
            case 0: scalar = UInt32(self.pick(0...0x1F))
            case 1: scalar = 0x22
            case 2: scalar = 0x5C
            case 3: scalar = UInt32(self.pick(0x80...0x7FF))
            case 4: scalar = UInt32(self.pick(0x800...0xD7FF))
            case 5: scalar = UInt32(self.pick(0xE000...0xFFFF))
            case 6: scalar = UInt32(self.pick(0x1_0000...0x10_FFFF))
            default: scalar = UInt32(self.pick(0x20...0x7E))
            }
            if let scalar = Unicode.Scalar(scalar) { string.unicodeScalars.append(scalar) }
        }
        // Text that begins with U+0000 and continues as base64 is binary, which is made elsewhere.
        return string.unicodeScalars.first == "\0" ? "x" + string : string
    }

    private mutating func writeText() {
        JSON.write(string: self.string(), into: &self.text)
    }

    private mutating func writeList(depth: Int) {
        self.text.writeString("[")
        for index in 0..<self.size() {
            if index > 0 { self.text.writeString(",") }
            // Large ones hold small values, so that the total stays small.
            self.write(depth: depth + (index > 4 ? 4 : 1))
        }
        self.text.writeString("]")
    }

    private mutating func writeDictionary(depth: Int) {
        self.text.writeString("{")
        for index in 0..<self.size() {
            if index > 0 { self.text.writeString(",") }
            self.writeText()
            self.text.writeString(":")
            self.write(depth: depth + (index > 4 ? 4 : 1))
        }
        self.text.writeString("}")
    }
}
