/// Reads the values of a binary format one by one. Writes those that hold no others as JSON text.
///
/// It decides what becomes of values that JSON does not have; nesting is up to ``ValueDecoder``.
protocol BinaryReader {
    /// Reads a message from its first octet on.
    init(_ octets: UnsafeRawBufferPointer)

    /// The position.
    var octets: OctetReader { get }

    /// Takes the next value: all of it if it holds no others, else its beginning.
    mutating func next(_ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem

    /// Takes the end of a list or dictionary of indefinite length, if it is next.
    mutating func takeBreak() -> Bool
}

/// A value, or the beginning of one, that a ``BinaryReader`` has read.
enum BinaryItem: Equatable {
    /// Written: null, or a value that JSON has no equivalent of.
    case null
    /// Written: true or false.
    case bool
    /// Written: a number.
    case number
    /// Written: text. No other value can be a key.
    case text
    /// Written: a string that is not text in the format itself, such as binary.
    case otherString
    /// The beginning of a list with so many elements.
    case list(Int)
    /// The beginning of a dictionary with so many pairs.
    case dictionary(Int)
    /// The beginning of a list that ends with a break.
    case indefiniteList
    /// The beginning of a dictionary that ends with a break.
    case indefiniteDictionary

    /// The kind of the JSON value.
    var kind: JSONKind {
        switch self {
        case .null: .null
        case .bool: .bool
        case .number: .number
        case .text, .otherString: .string
        case .list, .indefiniteList: .array
        case .dictionary, .indefiniteDictionary: .object
        }
    }
}
