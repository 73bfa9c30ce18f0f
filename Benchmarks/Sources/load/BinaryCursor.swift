/// Walks over one WAMP message in MessagePack or CBOR and picks out what the load program needs.
///
/// As with `JSONCursor`, every function answers `nil` or `false` if the octets are something else; none of them reads
/// past the end. Indefinite lengths and tags, which the peers here do not send, count as something else.
struct BinaryCursor {
    private let octets: UnsafeRawBufferPointer
    private let isCBOR: Bool
    private var index = 0
    /// The elements of the innermost list after the one at the cursor.
    private var following = 0

    private enum Head {
        case integer(Int)
        case string(Int)
        case list(Int)
        case dictionary(Int)
        /// True, and other values with the given number of octets.
        case yes
        case other(Int)
    }

    init(_ octets: UnsafeRawBufferPointer, _ wire: Wire) {
        self.octets = octets
        isCBOR = wire == .cbor
    }

    mutating func beginList() -> Bool {
        guard case .list(let count) = head() else { return false }
        following = count - 1
        return true
    }

    mutating func next() -> Bool {
        guard following > 0 else { return false }
        following -= 1
        return true
    }

    mutating func integer() -> Int? {
        guard case .integer(let integer) = head() else { return nil }
        return integer
    }

    mutating func string() -> UnsafeRawBufferPointer? {
        guard case .string(let count) = head(), let start = take(count) else { return nil }
        return UnsafeRawBufferPointer(rebasing: octets[start..<index])
    }

    mutating func value() -> UnsafeRawBufferPointer? {
        let start = index
        return skipValue() ? UnsafeRawBufferPointer(rebasing: octets[start..<index]) : nil
    }

    mutating func skipValue() -> Bool {
        var pending = 1
        while pending > 0 {
            pending -= 1
            switch head() {
            case .integer, .yes: break
            case .string(let count), .other(let count):
                guard take(count) != nil else { return false }
            case .list(let count): pending += count
            case .dictionary(let count): pending += 2 * count
            case nil: return false
            }
        }
        return true
    }

    mutating func objectHasTrue(_ key: StaticString) -> Bool? {
        guard case .dictionary(let count) = head() else { return nil }
        let wanted = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        var found = false
        for _ in 0..<count {
            guard let name = string() else { return nil }
            let start = index
            guard let head = head() else { return nil }
            if case .yes = head, name.elementsEqual(wanted) { found = true }
            index = start
            guard skipValue() else { return nil }
        }
        return found
    }

    private mutating func take(_ count: Int) -> Int? {
        guard count >= 0, count <= octets.count - index else { return nil }
        defer { index += count }
        return index
    }

    private mutating func number(_ width: Int) -> Int? {
        guard let start = take(width) else { return nil }
        var number: UInt64 = 0
        for octet in octets[start..<index] { number = number << 8 | UInt64(octet) }
        return Int(exactly: number)
    }

    private mutating func head() -> Head? {
        guard let start = take(1) else { return nil }
        return isCBOR ? cbor(octets[start]) : messagePack(octets[start])
    }

    private mutating func messagePack(_ first: UInt8) -> Head? {
        switch first {
        case 0x00...0x7F: .integer(Int(first))
        case 0x80...0x8F: .dictionary(Int(first & 15))
        case 0x90...0x9F: .list(Int(first & 15))
        case 0xA0...0xBF: .string(Int(first & 31))
        case 0xC3: .yes
        case 0xC0, 0xC2: .other(0)
        case 0xCA: .other(4)
        case 0xCB: .other(8)
        case 0xCC...0xCF: number(1 << Int(first - 0xCC)).map { .integer($0) }
        case 0xD0...0xD3: .other(1 << Int(first - 0xD0))
        case 0xC4...0xC6: number(1 << Int(first - 0xC4)).map { .other($0) }
        case 0xD9...0xDB: number(1 << Int(first - 0xD9)).map { .string($0) }
        case 0xDC, 0xDD: number(2 << Int(first - 0xDC)).map { .list($0) }
        case 0xDE, 0xDF: number(2 << Int(first - 0xDE)).map { .dictionary($0) }
        case 0xE0...0xFF: .integer(Int(Int8(bitPattern: first)))
        default: nil
        }
    }

    private mutating func cbor(_ first: UInt8) -> Head? {
        let information = Int(first & 31)
        guard first < 0xE0 else {
            switch information {
            case 21: return .yes
            case 20, 22, 23: return .other(0)
            case 25...27: return .other(1 << (information - 24))
            default: return nil
            }
        }
        guard information < 28, let argument = information < 24 ? information : number(1 << (information - 24)) else {
            return nil
        }
        switch first >> 5 {
        case 0: return .integer(argument)
        case 1: return .integer(-1 - argument)
        case 2: return .other(argument)
        case 3: return .string(argument)
        case 4: return .list(argument)
        case 5: return .dictionary(argument)
        default: return nil
        }
    }
}
