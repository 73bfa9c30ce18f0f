internal import Cryptography

/// Writes JSON text into memory of a fixed size, and notes its traits.
///
/// The text is right by construction: no code checks it again. What does not fit is not written, and sets ``isFull``.
/// For what can't be JSON the reader calls ``fault(_:)``, and nothing more is written until the element's end.
struct JSONTextWriter {
    /// How many octets were written.
    private(set) var count = 0
    /// What was seen in the element so far.
    private(set) var traits: JSONTraits = []
    /// True if something did not fit.
    private(set) var isFull = false

    /// The zeros that the exponents so far stand for.
    private var expansion = 0
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    /// Where writing ends; below zero while nothing more is written.
    private var limit: Int

    /// Writes into the given memory, which must outlive the writer. Nil (unreachable for a ByteBuffer's) without
    /// memory.
    init?(_ target: UnsafeMutableRawBufferPointer, capacity: Int) {
        guard let base = target.baseAddress else { return nil }
        self.base = base
        self.capacity = min(capacity, target.count)
        self.limit = self.capacity
    }

    // MARK: Elements

    /// Notes what makes the element unusable.
    mutating func fault(_ trait: JSONTraits) {
        self.traits.insert(trait)
        self.limit = -1
    }

    /// Ends an element that began at an offset. The text of an element that can't be used is removed, unless it is
    /// complete.
    ///
    /// - Returns: its traits.
    mutating func endElement(from start: Int) -> JSONTraits {
        if self.isFull { self.traits.insert(.tooLarge) }
        let traits = self.traits
        if self.limit < 0 { self.count = start }
        self.traits = []
        self.isFull = false
        self.limit = self.capacity
        return traits
    }

    /// Removes everything from an offset on.
    mutating func truncate(to offset: Int) {
        self.count = offset
    }

    // MARK: Values

    /// Writes one octet.
    @inline(__always)
    mutating func write(_ octet: UInt8) {
        guard self.fits(1) else { return }
        self.base.storeBytes(of: octet, toByteOffset: self.count, as: UInt8.self)
        self.count &+= 1
    }

    /// Writes a constant.
    @inline(__always)
    mutating func write(_ text: StaticString) {
        self.write(plain: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes octets that are JSON already.
    @inline(__always)
    mutating func write(plain octets: UnsafeRawBufferPointer) {
        guard self.fits(octets.count), let source = octets.baseAddress else { return }
        (self.base + self.count).copyMemory(from: source, byteCount: octets.count)
        self.count &+= octets.count
    }

    /// Writes an integer.
    @inline(__always)
    mutating func write(unsigned integer: UInt64) {
        if integer < 10 {
            self.write(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: integer))
        } else {
            self.write(digits: integer)
        }
    }

    /// Writes an integer.
    mutating func write(signed integer: Int64) {
        if integer < 0 { self.write(UInt8(ascii: "-")) }
        self.write(unsigned: integer.magnitude)
    }

    /// Writes a number in the shortest text that gives the same number back. NaN and the infinities are faults, written
    /// in the form that ``JSONScanner`` knows.
    mutating func write(double: Double) {
        guard double.isFinite else {
            self.traits.insert(.notFinite)
            return self.write(double.isNaN ? "NaN" : double < 0 ? "-Infinity" : "Infinity")
        }
        let magnitude = double.magnitude
        if magnitude >= 0x1p53 || magnitude < 0x1p-13, magnitude > 0 {
            // Three bits are about one digit. The text of other peers is counted in the same way.
            self.expansion &+= Int(double.exponent.magnitude) * 3 / 10
            if self.expansion > JSONScanner.mostExpansion { return self.fault(.tooLarge) }
        }
        var text = double.description
        text.withUTF8 { self.write(plain: UnsafeRawBufferPointer($0)) }
    }

    /// Writes octets as WAMP binary: a string of U+0000 and base64.
    mutating func write(binary octets: UnsafeRawBufferPointer) {
        self.traits.formUnion([.escaped, .containsNUL])
        let count = Base64.encodedCount(octets.count)
        guard self.fits(8 &+ count) else { return }
        self.write("\"\\u0000")
        if count > 0 {
            let target = UnsafeMutableRawBufferPointer(start: self.base + self.count, count: count)
            self.count &+= Base64.encode(octets, into: target)
        }
        self.write(UInt8(ascii: "\""))
    }

    /// Writes a string. One that is not UTF-8 is a fault.
    @inline(__always)
    mutating func write(text: UnsafeRawBufferPointer) {
        self.write(UInt8(ascii: "\""))
        self.write(part: text)
        self.write(UInt8(ascii: "\""))
    }

    /// Writes a part of a string, which must be UTF-8 without the other parts.
    mutating func write(part: UnsafeRawBufferPointer) {
        guard let source = part.baseAddress else { return }
        let end = part.count
        var index = 0
        while true {
            // Eight octets at a time, which are written before they are checked.
            while index &+ 8 <= end, self.count &+ 8 <= self.limit {
                let word = UInt64(littleEndian: source.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                (self.base + self.count).storeBytes(of: word.littleEndian, as: UInt64.self)
                let special = JSONScanner.specialOctets(word)
                let plain = special == 0 ? 8 : special.trailingZeroBitCount &>> 3
                index &+= plain
                self.count &+= plain
                if plain < 8 { break }
            }
            guard index < end else { return }
            let octet = source.load(fromByteOffset: index, as: UInt8.self)
            if octet >= 0x80 {
                let run = UTF8Run.end(of: source, from: index, to: end)
                guard run.isValid else { return self.fault(.invalidUTF8) }
                self.write(plain: UnsafeRawBufferPointer(start: source + index, count: run.index &- index))
                index = run.index
            } else {
                if JSONEscape.isNeeded(by: octet) {
                    self.write(escaped: octet)
                } else {
                    self.write(octet)
                }
                index &+= 1
            }
            // The element can't be used, so the rest need not be checked either.
            if self.limit < 0 { return }
        }
    }

    // MARK: Parts

    @inline(never)
    private mutating func write(escaped octet: UInt8) {
        self.traits.insert(.escaped)
        if octet == 0 { self.traits.insert(.containsNUL) }
        JSONEscape(octet).withBytes { self.write(plain: $0) }
    }

    private mutating func write(digits integer: UInt64) {
        var rest = integer
        var digits = 1
        var power: UInt64 = 10
        while digits < 20, rest >= power {
            digits &+= 1
            // 10^20 does not fit, and is not compared with anything.
            power = power &* 10
        }
        guard self.fits(digits) else { return }
        var place = self.count &+ digits
        self.count = place
        repeat {
            place &-= 1
            let quotient = rest / 10
            let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
            self.base.storeBytes(of: digit, toByteOffset: place, as: UInt8.self)
            rest = quotient
            digits &-= 1
        } while digits > 0
    }

    @inline(__always)
    private mutating func fits(_ octets: Int) -> Bool {
        if octets <= self.limit &- self.count { return true }
        self.overflow()
        return false
    }

    @inline(never)
    private mutating func overflow() {
        if self.limit >= 0 {
            self.isFull = true
            self.limit = -1
        }
    }
}
