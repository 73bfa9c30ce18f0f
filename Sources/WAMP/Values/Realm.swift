/// The name of a realm, checked as Crossbar.io checks it: `[A-Za-z][A-Za-z0-9_\-@.]{2,254}`, or `0x` and 40 hexadecimal
/// digits.
package struct Realm: Hashable, Sendable, CustomStringConvertible {
    /// The text as given.
    package let text: String

    /// Takes the name of a realm.
    package init(_ text: String) throws(URIError) {
        guard !text.isEmpty else { throw .empty }
        if !Self.isAddress(text) {
            try Self.check(text)
        }
        self.text = text
    }

    /// The text.
    package var description: String { self.text }

    private static func check(_ text: String) throws(URIError) {
        var count = 0
        for scalar in text.unicodeScalars {
            if count == 0, !Self.isLetter(scalar) { throw .realmStart }
            guard Self.isLetter(scalar) || ("0"..."9").contains(scalar) || "_-@.".unicodeScalars.contains(scalar) else {
                throw scalar.properties.isWhitespace ? .whiteSpace : .realmCharacter
            }
            count += 1
        }
        guard count >= 3, count <= 255 else { throw .realmLength }
    }

    /// A blockchain address stands for a realm in some networks.
    private static func isAddress(_ text: String) -> Bool {
        text.utf8.count == 42 && text.hasPrefix("0x") && text.utf8.dropFirst(2).allSatisfy { Self.isHexadecimal($0) }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default:
            false
        }
    }
}
