/// What the scan of a JSON value saw in it, so that no code has to look again.
package struct JSONTraits: OptionSet, Sendable, Hashable {
    /// The bits.
    package let rawValue: UInt16

    /// Takes the bits.
    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Some string (or key) has a backslash.
    package static let escaped = JSONTraits(rawValue: 1)
    /// Some string (or key) has an escaped U+0000: WAMP binary or a NUL character.
    package static let containsNUL = JSONTraits(rawValue: 2)
    /// Some string has half of a surrogate pair.
    package static let loneSurrogate = JSONTraits(rawValue: 4)
    /// Some number is NaN or an infinity.
    package static let notFinite = JSONTraits(rawValue: 8)
    /// It is nested deeper than the limit.
    package static let tooDeep = JSONTraits(rawValue: 16)
    /// Some key of a dictionary is not text. Only serializers other than JSON have such keys.
    package static let keyNotText = JSONTraits(rawValue: 32)
    /// Some string is not UTF-8. In JSON that makes the whole message unreadable.
    package static let invalidUTF8 = JSONTraits(rawValue: 64)
    /// Its JSON text, or a number in it, would be larger than the limit, though the message is not.
    package static let tooLarge = JSONTraits(rawValue: 128)

    /// Some number exceeds what PostgreSQL's `numeric` holds, or stands for thousands of digits that it does not have.
    package static let absurdNumber = JSONTraits(rawValue: 256)
    /// Some integer has more digits than ``JSONScanner/mostReadableDigits``, or some other number is out of the range
    /// of doubles.
    package static let unreadableNumber = JSONTraits(rawValue: 512)
    /// Some string (or key) has an escaped U+0001, as the database's mark for binary has.
    package static let containsMark = JSONTraits(rawValue: 1024)

    /// Some integer has more than 64 bits.
    package static let greatInteger = JSONTraits(rawValue: 2048)

    /// What makes a value unusable though its grammar is right.
    static let faults: JSONTraits = [
        .loneSurrogate, .notFinite, .tooDeep, .keyNotText, .invalidUTF8, .tooLarge, .absurdNumber,
    ]
}
