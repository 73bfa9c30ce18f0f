package import NIOCore
package import Postgres
import WAMP

/// Makes an object of CALL's row: the procedure's OUT and INOUT parameters.
///
/// CALL can't be part of a SELECT, so the server's `to_json` is not available and the columns come as plain text. Types
/// whose text contains all that JSON needs are written as `to_json` would; arrays and composites are refused
/// beforehand, since a parameter of type jsonb can replace them.
package struct ProcedureOutput: Sendable, Equatable {
    private let columns: [FunctionColumn]
    private let bigint: PlanOptions.BigintFormat

    /// Takes the procedure.
    ///
    /// - Throws: a fault if an OUT parameter's text can't be converted to JSON.
    package init(_ function: FunctionDefinition, bigint: PlanOptions.BigintFormat) throws(PlanFault) {
        for column in function.columns where column.type.isArray || column.type.isComposite {
            throw PlanFault(
                "\(function.signature) has the OUT parameter \(column.name) of type \(column.type.display), "
                    + "which CALL can't return as JSON; declare it jsonb")
        }
        self.columns = function.columns
        self.bigint = bigint
    }

    /// The text of a JSON object.
    package func object(_ values: [ByteBuffer?]) -> ByteBuffer {
        var object = ByteBuffer()
        object.writeStaticString("{")
        for (column, value) in zip(columns, values) {
            if object.readableBytes > 1 { object.writeStaticString(",") }
            JSON.write(string: column.name, into: &object)
            object.writeStaticString(":")
            if let value { write(value, of: column.type.base, into: &object) } else { object.writeStaticString("null") }
        }
        object.writeStaticString("}")
        return object
    }

    private func write(_ text: ByteBuffer, of type: UInt32, into object: inout ByteBuffer) {
        switch type {
        case TypeOID.json, TypeOID.jsonb:
            object.writeImmutableBuffer(text)
        case TypeOID.bool:
            object.writeStaticString(text.readableBytesView.first == UInt8(ascii: "t") ? "true" : "false")
        case TypeOID.int8 where bigint == .string:
            JSON.write(string: String(buffer: text), into: &object)
        case TypeOID.int2, TypeOID.int4, TypeOID.int8, TypeOID.float4, TypeOID.float8, TypeOID.numeric:
            // NaN and the infinities are strings, as with to_json.
            if let last = text.readableBytesView.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last) {
                object.writeImmutableBuffer(text)
            } else {
                JSON.write(string: String(buffer: text), into: &object)
            }
        case TypeOID.bytea:
            if let bytes = Self.bytes(String(buffer: text)) {
                JSON.write(binary: bytes, into: &object)
            } else {
                JSON.write(string: String(buffer: text), into: &object)
            }
        case TypeOID.timestamp, TypeOID.timestamptz:
            JSON.write(
                string: Self.timestamp(String(buffer: text), hasZone: type == TypeOID.timestamptz), into: &object)
        default:
            JSON.write(string: String(buffer: text), into: &object)
        }
    }

    /// ISO 8601 with a T, and with minutes in the zone, as with to_json. `2026-01-31 12:00:00+02` is the server's text.
    private static func timestamp(_ text: String, hasZone: Bool) -> String {
        var result: [UInt8] = []
        var zoneDigits = -1
        for byte in text.utf8 {
            if byte == UInt8(ascii: " "), !result.contains(UInt8(ascii: "T")), result.last.map(isDigit) == true {
                result.append(UInt8(ascii: "T"))
                continue
            }
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            if isSign, hasZone, result.contains(UInt8(ascii: "T")) {
                zoneDigits = 0
            } else if zoneDigits >= 0 {
                if byte == UInt8(ascii: " "), zoneDigits == 2 { result += Array(":00".utf8) }
                zoneDigits = isDigit(byte) && zoneDigits < 2 ? zoneDigits + 1 : 3
            }
            result.append(byte)
        }
        if zoneDigits == 2 { result += Array(":00".utf8) }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// The bytes of `\x0102`; nil for another format.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8
        guard text.hasPrefix("\\x"), digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits.dropFirst(2) {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return bytes
    }
}
