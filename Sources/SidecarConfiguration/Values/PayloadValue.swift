/// A value of an event's arguments as the file writes it: YAML's counterpart of a JSON value.
package indirect enum PayloadValue: Sendable, Equatable {
    /// An empty value, `null` or `~`.
    case null
    /// `true` or `false`, without quotes.
    case bool(Bool)
    /// The text of a number as JSON writes it, without quotes.
    case number(String)
    /// Any other text.
    case string(String)
    /// A list.
    case list([PayloadValue])
    /// Keys and values in the order of the file, no key twice.
    case object([(key: String, value: PayloadValue)])

    /// The same values, in the same order.
    package static func == (left: PayloadValue, right: PayloadValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)), (.string(let left), .string(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.object(let left), .object(let right)):
            left.map(\.key) == right.map(\.key) && left.map(\.value) == right.map(\.value)
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.list, _), (.object, _): false
        }
    }
}
