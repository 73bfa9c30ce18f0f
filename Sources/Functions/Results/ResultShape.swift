package import NIOCore
package import WAMP

/// How a statement's rows become the YIELD. Every column is JSON text; SQL's NULL is JSON's null.
package enum ResultShape: Sendable, Equatable {
    /// No arguments, whatever the statement returns.
    case nothing
    /// One row, whose first column is the one argument. No row is null.
    case value
    /// The same, where the column is an object.
    case row
    /// Any number of rows: the one argument is an array of their first columns.
    case rows
    /// One row, whose first column is the array of arguments.
    case arguments
    /// One row, whose first column is the object of keyword arguments.
    case keywordArguments
    /// One row: the array of arguments, and the object of keyword arguments.
    case result
    /// One row of plain columns, from CALL: see ``ProcedureOutput``.
    case output

    /// The payload of a result that is not ``rows``.
    ///
    /// - Parameter columns: the columns of the first row, nil for NULL; empty if there is no row.
    /// - Throws: a fault if the column is not an array or object where it must be one: the router would drop the
    ///   connection.
    package func payload(_ columns: [ByteBuffer?]) throws(ResultFault) -> Payload {
        let first = columns.first ?? nil
        switch self {
        case .nothing:
            return .empty
        case .value, .row, .rows, .output:
            var arguments = ByteBufferAllocator().buffer(capacity: (first?.readableBytes ?? 4) + 2)
            arguments.writeStaticString("[")
            if let first { arguments.writeImmutableBuffer(first) } else { arguments.writeStaticString("null") }
            arguments.writeStaticString("]")
            return Payload(arguments: arguments)
        case .arguments:
            return Payload(arguments: try Self.checkedArray(first))
        case .keywordArguments:
            return Payload(keywordArguments: try Self.checkedObject(first))
        case .result:
            let second = columns.count > 1 ? columns[1] : nil
            return Payload(
                arguments: try Self.checkedArray(first), keywordArguments: try Self.checkedObject(second))
        }
    }

    /// The text of an array, nil for NULL and for JSON's null.
    ///
    /// The text comes from the server, which has checked it: its first character shows its kind.
    private static func checkedArray(_ text: ByteBuffer?) throws(ResultFault) -> ByteBuffer? {
        switch firstByte(of: text) {
        case UInt8(ascii: "["): return text
        case UInt8(ascii: "n"), nil: return nil
        default: throw ResultFault("the function's result must be the arguments, but is not a JSON array")
        }
    }

    private static func checkedObject(_ text: ByteBuffer?) throws(ResultFault) -> ByteBuffer? {
        switch firstByte(of: text) {
        case UInt8(ascii: "{"): return text
        case UInt8(ascii: "n"), nil: return nil
        default: throw ResultFault("the function's result must be the keyword arguments, but is not a JSON object")
        }
    }

    private static func firstByte(of text: ByteBuffer?) -> UInt8? {
        text?.readableBytesView.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    }
}

/// Why a result can't be sent: the function returned another form than the mapping needs.
package struct ResultFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault.
    package let message: String

    /// Takes the message for people.
    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
