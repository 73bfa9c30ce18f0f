import Cryptography
import NIOCore
import Testing

@testable import WAMP

/// The two serializers that are transcoded.
let binarySerializers: [SerializerID] = [.msgpack, .cbor]

/// Sends single values through whole messages, for tests.
enum Transcoded {
    /// A YIELD or an INVOCATION with one argument, up to that argument.
    private static func head(_ id: SerializerID, sent: Bool) -> [UInt8] {
        switch (id, sent) {
        case (.json, true): Array("[70,1,{},[".utf8)
        case (.json, false): Array("[68,1,1,{},[".utf8)
        case (.msgpack, true): [0x94, 70, 1, 0x80, 0x91]
        case (.msgpack, false): [0x95, 68, 1, 1, 0x80, 0x91]
        case (.cbor, true): [0x84, 0x18, 70, 1, 0xA0, 0x81]
        case (.cbor, false): [0x85, 0x18, 68, 1, 1, 0xA0, 0x81]
        }
    }

    /// The octets of a value in JSON text.
    static func octets(_ text: String, _ id: SerializerID) throws -> [UInt8] {
        var buffer = ByteBuffer()
        Serializer(id).encode(
            Yield(request: RequestID(checked: 1), payload: Payload(arguments: ByteBuffer(string: "[\(text)]"))),
            into: &buffer)
        let octets = Array(buffer.readableBytesView)
        let head = self.head(id, sent: true)
        try #require(octets.starts(with: head), "\(Hexadecimal.encode(octets))")
        return Array(octets.dropFirst(head.count))
    }

    /// The payload of a message whose only argument has the octets.
    static func payload(_ octets: [UInt8], _ id: SerializerID, limits: DecodingLimits = .default) throws -> Payload {
        let message = try Serializer(id, limits: limits).decode(ByteBuffer(bytes: self.head(id, sent: false) + octets))
        guard case .invocation(let invocation) = message else { throw Unexpected(message) }
        return invocation.payload
    }

    /// The JSON text of a value's octets.
    static func text(_ octets: [UInt8], _ id: SerializerID) throws -> String {
        let payload = try self.payload(octets, id)
        #expect(payload.fault == nil)
        let list = String(buffer: try present(payload.arguments))
        return String(list.dropFirst().dropLast())
    }

    /// Octets from hexadecimal digits, with or without spaces.
    static func hexadecimal(_ digits: String) throws -> [UInt8] {
        try present(Hexadecimal.decode(digits.filter { $0 != " " }))
    }
}
