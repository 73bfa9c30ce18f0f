import NIOCore
package import Postgres
import WAMP

/// How a JSON value becomes a parameter of some type: the SQL around the `$1`, and the text that is sent.
///
/// The server converts, not the sidecar: a caller may send whatever the server accepts from JSON for a type.
package enum ArgumentConversion: Sendable, Equatable {
    /// The text of a scalar goes through the type's input function.
    case scalar
    /// The same, but `3.0` is 3.
    case integer
    /// json and jsonb take the JSON text.
    case json
    /// An array of json or jsonb: each element stays as it is. (The server's own conversion takes inner arrays for
    /// dimensions.)
    case jsonArray
    /// Other arrays and composites: the server makes them of `{"f1": ..}`.
    case record(ValueShape)

    /// Chooses the conversion for a type.
    package init(_ type: TypeDefinition) {
        if TypeOID.isJSON(type.base) {
            self = .json
        } else if type.isArray, let element = type.element, TypeOID.isJSON(element) {
            self = .jsonArray
        } else if type.isArray || type.isComposite {
            self = .record(type.shape ?? (type.isArray ? .list(ValueShape(scalar: type.element ?? 0)) : .scalar))
        } else {
            self = ValueShape(scalar: type.base) == .integer ? .integer : .scalar
        }
    }

    /// The SQL expression of the type, made of the parameter of this number. It is possible wherever an expression is,
    /// also in `any (..)`, which would take a mere sub-select for a set of rows.
    package func sql(_ number: Int, type: TypeDefinition) -> String {
        guard case .record = self else { return "$\(number)::\(type.sql)" }
        let argument = Alias.argument
        let condition = ShapeGuard.condition(type).map { " where \($0)" } ?? ""
        return "(select \(argument.sql).f1 from pg_catalog.json_to_record($\(number)::pg_catalog.json) "
            + "as \(argument.sql)(f1 \(type.sql))\(condition))::\(type.sql)"
    }

    /// The same for CALL, which allows no sub-selects: as the only column of a row, whose text is the value's text in
    /// brackets, and in quotes if necessary.
    package func sqlForCall(_ number: Int, type: TypeDefinition) -> String {
        guard case .record = self else { return self.sql(number, type: type) }
        let row =
            "(pg_catalog.json_populate_record(row(null::\(type.sql)), $\(number)::pg_catalog.json))::pg_catalog.text"
        let text = "pg_catalog.regexp_replace(\(row), E'^\\\\((?:\"(.*)\"|(.*))\\\\)$', E'\\\\1\\\\2')"
        let condition = ShapeGuard.condition(type).map { " and \($0)" } ?? ""
        return "(case when $\(number)::pg_catalog.json is not null\(condition) "
            + "then pg_catalog.replace(pg_catalog.replace(\(text), "
            + "'\"\"', '\"'), E'\\\\\\\\', E'\\\\') end)::\(type.sql)"
    }

    /// Appends the text of a value.
    ///
    /// - Throws: a fault for a value that the type does not allow, and for a U+0000 that is not WAMP binary.
    func append(_ value: JSONElement, to parameters: inout Parameters) throws(ArgumentFault) {
        guard value.kind != .null else { return parameters.appendNull() }
        switch self {
        case .integer where value.kind == .number:
            try parameters.append { buffer throws(ArgumentFault) in
                try WholeNumber.write(value.text, into: &buffer)
            }
        case .scalar, .integer:
            try Self.reading { () throws(JSONError) in try Self.append(scalar: value, to: &parameters) }
        case .json:
            try Self.reading { () throws(JSONError) in
                try Self.append(json: value.text, containsNUL: value.containsNUL, to: &parameters)
            }
        case .jsonArray:
            try Self.append(elementsOf: value, to: &parameters)
        case .record(let shape):
            try Self.append(value, as: shape, to: &parameters)
        }
    }

    /// Appends the text of an array: the arguments that a VARIADIC parameter takes. A list that is the only one is the
    /// array itself.
    func append(rest: JSON.Elements?, to parameters: inout Parameters) throws(ArgumentFault) {
        if self != .jsonArray, let rest = rest?.rest, let only = try? JSON.element(rest), only.kind == .array {
            return try self.append(only, to: &parameters)
        }
        var text = ByteBufferAllocator().buffer(capacity: (rest?.rest?.readableBytes ?? 0) + 2)
        text.writeStaticString("[")
        if let rest = rest?.rest { text.writeImmutableBuffer(rest) }
        text.writeStaticString("]")
        try self.append(Self.element(text), to: &parameters)
    }

    private static func reading<Result>(_ read: () throws(JSONError) -> Result) throws(ArgumentFault) -> Result {
        do {
            return try read()
        } catch {
            throw .unreadable(error)
        }
    }

    private static func element(_ text: ByteBuffer) throws(ArgumentFault) -> JSONElement {
        try self.reading { () throws(JSONError) in try JSON.element(text) }
    }

    /// A value whose WAMP binary is the string `\x` and hexadecimal digits.
    private static func withoutBinary(_ value: JSONElement) throws(ArgumentFault) -> JSONElement {
        guard value.containsNUL else { return value }
        var text = ByteBuffer()
        try self.reading { () throws(JSONError) in try JSON.writeReplacingBinary(value.text, into: &text) }
        return try self.element(text)
    }

    /// Appends the elements of a list as an array's text: `{"1","{\"a\": 2}"}`.
    private static func append(
        elementsOf list: JSONElement, to parameters: inout Parameters
    ) throws(ArgumentFault) {
        let list = try self.withoutBinary(list)
        try parameters.append { buffer throws(ArgumentFault) in
            var text = ArrayText(into: buffer)
            buffer = ByteBuffer()
            defer { buffer = text.buffer }
            try text.write(list: list, of: .json, dimensions: 1)
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
        _ value: JSONElement, as shape: ValueShape, to parameters: inout Parameters
    ) throws(ArgumentFault) {
        let value = try self.withoutBinary(value)
        try parameters.append { buffer throws(ArgumentFault) in
            buffer.writeStaticString("{\"f1\":")
            if ShapedJSON.isPlain(shape) {
                buffer.writeImmutableBuffer(value.text)
            } else {
                var json = ShapedJSON(into: buffer)
                // The only reference, otherwise each write would make a copy.
                buffer = ByteBuffer()
                defer { buffer = json.buffer }
                try json.write(value, as: shape)
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
    /// Writes bytes in the form of PostgreSQL's `bytea`: `\x` and two digits each.
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
