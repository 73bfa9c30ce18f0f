/// Reads the values of a binary format one by one, and writes those that hold no others as JSON text.
///
/// What the format has and JSON has not is decided here; nesting is ``ValueDecoder``'s.
protocol BinaryReader {
    /// Reads a message from its first octet on.
    init(_ octets: UnsafeRawBufferPointer)

    /// Where it is.
    var octets: OctetReader { get }

    /// Takes the next value: all of it if it holds no others, else its beginning.
    mutating func next(_ text: inout JSONTextWriter) throws(FormatError) -> BinaryItem

    /// Takes the end of a list or dictionary of indefinite length, if it is next.
    mutating func takeBreak() -> Bool
}

/// What a ``BinaryReader`` has come across.
enum BinaryItem: Equatable {
    /// Written: null, or something that there is no value for.
    case null
    /// Written: true or false.
    case bool
    /// Written: a number.
    case number
    /// Written: text, which alone can be a key.
    case text
    /// Written: a string that is not text in the format itself, such as binary.
    case otherString
    /// A list begins that has so many elements.
    case list(Int)
    /// A dictionary begins that has so many pairs.
    case dictionary(Int)
    /// A list begins that ends with a break.
    case indefiniteList
    /// A dictionary begins that ends with a break.
    case indefiniteDictionary

    /// The kind of JSON value.
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
