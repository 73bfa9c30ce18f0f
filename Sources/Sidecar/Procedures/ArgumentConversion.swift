import NIOCore
package import Postgres
import WAMP

/// How a JSON value becomes a parameter of some type: what the SQL around the `$1` is, and what text is sent.
///
/// The server converts, not we: what it accepts from JSON for a type is what a caller may send.
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
    /// Other arrays and composites: the server makes them, out of `{"f1": ..}`.
    case record(hasIntegers: Bool)

    /// Chooses the conversion for a type.
    package init(_ type: TypeDefinition) {
        if TypeOID.isJSON(type.base) {
            self = .json
        } else if type.isArray, let element = type.element, TypeOID.isJSON(element) {
            self = .jsonArray
        } else if type.isArray || type.isComposite {
            // Of composites it is not known which numbers are integers. Those that are not take whole numbers as well.
            let isBuiltIn = (type.element ?? .max) < TypeOID.firstOfUsers
            self = .record(hasIntegers: !type.isArray || !isBuiltIn || Self.isInteger(type.element ?? 0))
        } else {
            self = Self.isInteger(type.base) ? .integer : .scalar
        }
    }

    private static func isInteger(_ oid: UInt32) -> Bool {
        oid == TypeOID.int2 || oid == TypeOID.int4 || oid == TypeOID.int8
    }

    /// The SQL expression of the type, out of the parameter of this number. It can stand wherever an expression can, also in `any (..)`, which would
    /// take a mere sub-select for a set of rows.
    package func sql(_ number: Int, type: TypeDefinition) -> String {
        guard case .record = self else { return "$\(number)::\(type.sql)" }
        let argument = Alias.argument
        return "(select \(argument.sql).f1 from pg_catalog.json_to_record($\(number)::pg_catalog.json) "
            + "as \(argument.sql)(f1 \(type.sql)))::\(type.sql)"
    }

    /// The same for CALL, which takes no sub-selects: as the only column of a row, whose text is the value's text in brackets, and in quotes where it
    /// needs them.
    package func sqlForCall(_ number: Int, type: TypeDefinition) -> String {
        guard case .record = self else { return self.sql(number, type: type) }
        let row =
            "(pg_catalog.json_populate_record(row(null::\(type.sql)), $\(number)::pg_catalog.json))::pg_catalog.text"
        let text = "pg_catalog.regexp_replace(\(row), E'^\\\\((?:\"(.*)\"|(.*))\\\\)$', E'\\\\1\\\\2')"
        return "(case when $\(number)::pg_catalog.json is not null then pg_catalog.replace(pg_catalog.replace(\(text), "
            + "'\"\"', '\"'), E'\\\\\\\\', E'\\\\') end)::\(type.sql)"
    }

    /// Appends the text of a value.
    ///
    /// - Throws: ``JSONError`` for a U+0000 that is not WAMP binary.
    func append(_ value: JSONElement, to parameters: inout Parameters) throws(JSONError) {
        guard value.kind != .null else { return parameters.appendNull() }
        switch self {
        case .scalar:
            try Self.append(scalar: value, to: &parameters)
        case .integer:
            if value.kind == .number, let integer = value.text.withUnsafeReadableBytes({ WholeNumber.integer($0) }) {
                return parameters.append { $0.writeBytes(integer) }
            }
            try Self.append(scalar: value, to: &parameters)
        case .json:
            try Self.append(json: value.text, containsNUL: value.containsNUL, to: &parameters)
        case .jsonArray:
            try Self.append(elementsOf: value.text, containsNUL: value.containsNUL, to: &parameters)
        case .record(let hasIntegers):
            try Self.append(record: value.text, value.containsNUL, hasIntegers, to: &parameters)
        }
    }

    /// Appends the text of an array, a VARIADIC parameter's rest of the arguments. A list that is all there is of them is the array itself.
    func append(rest: JSON.Elements?, to parameters: inout Parameters) throws(JSONError) {
        if self != .jsonArray, let rest = rest?.rest, let only = try? JSON.element(rest), only.kind == .array {
            return try self.append(only, to: &parameters)
        }
        var text = ByteBufferAllocator().buffer(capacity: (rest?.rest?.readableBytes ?? 0) + 2)
        text.writeStaticString("[")
        if let rest = rest?.rest { text.writeImmutableBuffer(rest) }
        text.writeStaticString("]")
        let containsNUL = rest?.restContainsNUL ?? false
        switch self {
        case .scalar, .integer, .json: try Self.append(json: text, containsNUL: containsNUL, to: &parameters)
        case .jsonArray: try Self.append(elementsOf: text, containsNUL: containsNUL, to: &parameters)
        case .record(let hasIntegers): try Self.append(record: text, containsNUL, hasIntegers, to: &parameters)
        }
    }

    /// Appends the elements of a list as an array's text: `{"1","{\"a\": 2}"}`.
    private static func append(
        elementsOf list: ByteBuffer, containsNUL: Bool, to parameters: inout Parameters
    ) throws(JSONError) {
        var text = list
        if containsNUL {
            text.clear()
            try JSON.writeReplacingBinary(list, into: &text)
        }
        let elements = try JSON.elements(of: text)
        parameters.append { buffer in
            var separator = UInt8(ascii: "{")
            for element in elements {
                buffer.writeInteger(separator)
                buffer.writeStaticString("\"")
                buffer.writeEscaping(element.text)
                buffer.writeStaticString("\"")
                separator = UInt8(ascii: ",")
            }
            buffer.writeStaticString(elements.isEmpty ? "{}" : "}")
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
        record text: ByteBuffer, _ containsNUL: Bool, _ hasIntegers: Bool, to parameters: inout Parameters
    ) throws(JSONError) {
        try parameters.append { buffer throws(JSONError) in
            buffer.writeStaticString("{\"f1\":")
            switch (containsNUL, hasIntegers) {
            case (false, false):
                buffer.writeImmutableBuffer(text)
            case (false, true):
                WholeNumber.write(text, into: &buffer)
            case (true, false):
                try JSON.writeReplacingBinary(text, into: &buffer)
            case (true, true):
                var replaced = ByteBuffer()
                try JSON.writeReplacingBinary(text, into: &replaced)
                WholeNumber.write(replaced, into: &buffer)
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
    /// Writes a text as an array's text has it within quotes.
    fileprivate mutating func writeEscaping(_ text: ByteBuffer) {
        self.reserveCapacity(minimumWritableBytes: text.readableBytes * 2)
        for byte in text.readableBytesView {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { self.writeInteger(UInt8(ascii: "\\")) }
            self.writeInteger(byte)
        }
    }

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
