import NIOCore
package import Postgres
import WAMP

/// How a JSON value becomes a parameter of some type: what the SQL around the `$1` is, and what text is sent.
///
/// The server converts, not we: what it accepts from JSON for a type is what a caller may send.
package enum ArgumentConversion: Sendable, Equatable {
    /// The text of a scalar goes through the type's input function.
    case scalar
    /// json and jsonb take the JSON text.
    case json
    /// An array of json or jsonb: each element stays as it is. (The server's own conversion takes inner arrays for
    /// dimensions.)
    case jsonArray
    /// Other arrays and composites: `json_to_record` makes them, out of `{"v": ..}`.
    case record

    /// Chooses the conversion for a type.
    package init(_ type: TypeDefinition) {
        if TypeOID.isJSON(type.base) {
            self = .json
        } else if type.isArray, let element = type.element, TypeOID.isJSON(element) {
            self = .jsonArray
        } else if type.isArray || type.isComposite {
            self = .record
        } else {
            self = .scalar
        }
    }

    /// The SQL expression of the type, out of the parameter of this number.
    package func sql(_ number: Int, type: TypeDefinition) -> String {
        switch self {
        case .scalar, .json:
            return "$\(number)::\(type.sql)"
        case .jsonArray:
            let function = type.element == TypeOID.jsonb ? "jsonb" : "json"
            return "(case when $\(number)::pg_catalog.\(function) is not null then array(select e.v from "
                + "pg_catalog.\(function)_array_elements($\(number)) as e(v)) end)::\(type.sql)"
        case .record:
            return "(select x.v from pg_catalog.json_to_record($\(number)::pg_catalog.json) as x(v \(type.sql)))"
        }
    }

    /// Appends the text of a value.
    ///
    /// - Throws: ``JSONError`` for a U+0000 that is not WAMP binary.
    func append(_ value: JSONElement, to parameters: inout Parameters) throws(JSONError) {
        guard value.kind != .null else { return parameters.appendNull() }
        switch self {
        case .scalar: try Self.append(scalar: value, to: &parameters)
        case .json, .jsonArray: try Self.append(json: value.text, containsNUL: value.containsNUL, to: &parameters)
        case .record: try Self.append(record: value.text, containsNUL: value.containsNUL, to: &parameters)
        }
    }

    /// Appends the text of an array, a VARIADIC parameter's rest of the arguments.
    func append(rest: JSON.Elements?, to parameters: inout Parameters) throws(JSONError) {
        var text = ByteBufferAllocator().buffer(capacity: (rest?.rest?.readableBytes ?? 0) + 2)
        text.writeStaticString("[")
        if let rest = rest?.rest { text.writeImmutableBuffer(rest) }
        text.writeStaticString("]")
        let containsNUL = rest?.restContainsNUL ?? false
        switch self {
        case .scalar, .json, .jsonArray: try Self.append(json: text, containsNUL: containsNUL, to: &parameters)
        case .record: try Self.append(record: text, containsNUL: containsNUL, to: &parameters)
        }
    }

    /// Appends a JSON text as it is, except that WAMP binary becomes the string `\x` and hexadecimal digits.
    static func append(
        json text: ByteBuffer, containsNUL: Bool, to parameters: inout Parameters
    ) throws(JSONError) {
        guard containsNUL else { return parameters.append(text) }
        try parameters.append { buffer throws(JSONError) in try JSON.writeReplacingBinary(text, into: &buffer) }
    }

    private static func append(
        record text: ByteBuffer, containsNUL: Bool, to parameters: inout Parameters
    ) throws(JSONError) {
        try parameters.append { buffer throws(JSONError) in
            buffer.writeStaticString("{\"v\":")
            if containsNUL {
                try JSON.writeReplacingBinary(text, into: &buffer)
            } else {
                buffer.writeImmutableBuffer(text)
            }
            buffer.writeStaticString("}")
        }
    }

    private static func append(scalar value: JSONElement, to parameters: inout Parameters) throws(JSONError) {
        guard value.kind == .string else {
            return try append(json: value.text, containsNUL: value.containsNUL, to: &parameters)
        }
        if let bytes = JSON.binary(of: value) {
            return parameters.append { $0.writeHexadecimal(bytes) }
        }
        if value.containsNUL { throw JSONError(.unexpectedNUL, at: 0) }
        if value.isEscaped { return parameters.append(JSON.unescape(value)) }
        // A checked string has its two quotes.
        let text = value.text
        parameters.append(text.getSlice(at: text.readerIndex + 1, length: text.readableBytes - 2) ?? ByteBuffer())
    }
}

extension ByteBuffer {
    /// Writes bytes as PostgreSQL's `bytea` takes them: `\x` and two digits each.
    fileprivate mutating func writeHexadecimal(_ bytes: [UInt8]) {
        let digits: StaticString = "0123456789abcdef"
        writeStaticString("\\x")
        reserveCapacity(minimumWritableBytes: bytes.count * 2)
        for byte in bytes {
            writeInteger(digits.utf8Start[Int(byte >> 4)])
            writeInteger(digits.utf8Start[Int(byte & 15)])
        }
    }
}
