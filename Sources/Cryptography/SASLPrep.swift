/// Brings names and passwords into the one form that both ends of SCRAM compute with (SASLprep, RFC 4013).
///
/// Swift has no public tables for Unicode's normalization form KC. So this prepares only what the normalization
/// provably leaves unchanged, scalar by scalar. It refuses everything else, because a wrong result would differ from
/// the router's: combining marks, compatibility characters and single jamo.
package enum SASLPrep {
    /// Why a text can't be prepared. Holds none of the text.
    package enum Failure: Error, Sendable, Hashable {
        /// It is not UTF-8.
        case encoding
        /// It has a control character, or another one that RFC 4013 prohibits.
        case prohibited
        /// It has a character that normalization may change.
        case notNormalized
        /// It mixes writing directions in a way that RFC 4013 prohibits.
        case bidirectional
        /// Nothing is left of it.
        case empty

        /// What is wrong; follows a name.
        package var problem: String {
            switch self {
            case .encoding: "is not UTF-8"
            case .prohibited: "has a character that SCRAM doesn't allow (a control character, say)"
            case .notNormalized: "has a character that can't be brought into SCRAM's normal form"
            case .bidirectional: "mixes writing from right to left with other writing, which SCRAM doesn't allow"
            case .empty: "has nothing in it that counts for SCRAM"
            }
        }

        /// What to do.
        package var remedy: String {
            switch self {
            case .encoding: "save it as UTF-8"
            case .notNormalized: "use letters without separate accents, or ASCII only"
            case .prohibited, .bidirectional, .empty: "choose another one"
            }
        }
    }

    /// The prepared form; printable ASCII is unchanged.
    package static func prepare(_ text: SecretBytes) throws(Failure) -> SecretBytes {
        guard !text.isEmpty else { throw .empty }
        var directions = Directions()
        let prepared = try unsafe SecretBytes(capacity: text.count) { target throws(Failure) in
            try unsafe text.withUnsafeBytes { source throws(Failure) in
                var parser = Unicode.UTF8.ForwardParser()
                var bytes = unsafe source.makeIterator()
                var count = 0
                while true {
                    switch unsafe parser.parseScalar(from: &bytes) {
                    case .emptyInput: return count
                    case .error: throw .encoding
                    case .valid(let encoded):
                        guard let scalar = try self.mapped(Unicode.UTF8.decode(encoded)) else { continue }
                        directions.met(scalar)
                        // No mapping makes a character longer.
                        for byte in UTF8.encode(scalar) ?? encoded {
                            unsafe target[count] = byte
                            count += 1
                        }
                    }
                }
            }
        }
        guard !prepared.isEmpty else { throw .empty }
        guard directions.areFine else { throw .bidirectional }
        return prepared
    }

    /// The prepared form of a name that is not a secret.
    package static func prepare(_ name: String) throws(Failure) -> String {
        try self.prepare(SecretBytes(name)).text
    }

    // MARK: - One character

    /// What a character becomes: a blank, itself, or nothing.
    private static func mapped(_ scalar: Unicode.Scalar) throws(Failure) -> Unicode.Scalar? {
        switch scalar.value {
        case 0x20...0x7E: return scalar
        // RFC 3454, tables B.1 and C.1.2.
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: return nil
        case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: return " "
        // Those of tables C.6 and C.7 that no category covers.
        case 0xFFFC, 0xFFFD, 0x2FF0...0x2FFB: throw .prohibited
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            throw .prohibited
        case .nonspacingMark, .spacingMark, .enclosingMark:
            throw .notNormalized
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol,
            .otherSymbol, .spaceSeparator:
            guard self.isStable(scalar) else { throw .notNormalized }
            return scalar
        @unknown default:
            throw .prohibited
        }
    }

    /// Whether normalization leaves a character unchanged. The property of case folding shows it: folding normalizes
    /// too, so what it leaves unchanged is normalized; and a capital letter is normalized if it is the capital of its
    /// own small letter.
    private static func isStable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Jamo that join the one before them to a syllable.
        case 0x1160...0x11FF: return false
        // Normalized, although folded to other letters: sharp s, final sigma.
        case 0xDF, 0x1E9E, 0x3C2: return true
        default: break
        }
        guard scalar.properties.changesWhenNFKCCaseFolded else { return true }
        let small = scalar.properties.lowercaseMapping.unicodeScalars
        guard small.count == 1, let letter = small.first, letter != scalar,
            !letter.properties.changesWhenNFKCCaseFolded
        else { return false }
        return letter.properties.uppercaseMapping.unicodeScalars.elementsEqual([scalar])
    }

    // MARK: - The direction of writing (RFC 3454 section 6)

    /// A text that has letters written from right to left must begin and end with one and must not have others. In
    /// doubt about a character this refuses: the blocks of the scripts stand in for the characters' property.
    private struct Directions {
        private var hasRightToLeft = false
        private var hasOthers = false
        private var isFirstRightToLeft: Bool?
        private var isLastRightToLeft = false

        mutating func met(_ scalar: Unicode.Scalar) {
            let isRightToLeft = Self.isRightToLeft(scalar)
            self.hasRightToLeft = self.hasRightToLeft || isRightToLeft
            self.hasOthers = self.hasOthers || (!isRightToLeft && (!scalar.isASCII || scalar.properties.isAlphabetic))
            self.isFirstRightToLeft = self.isFirstRightToLeft ?? isRightToLeft
            self.isLastRightToLeft = isRightToLeft
        }

        var areFine: Bool {
            !self.hasRightToLeft || (!self.hasOthers && self.isFirstRightToLeft == true && self.isLastRightToLeft)
        }

        private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
                scalar.properties.isAlphabetic
            default: false
            }
        }
    }
}
