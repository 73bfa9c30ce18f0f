package import NIOCore

/// The client's end of the protocol: what libpq would send, and what it makes of the answers.
package enum ClientEnd {
    /// A message of the server, taken apart.
    package struct Message: Equatable, CustomStringConvertible {
        package let type: Character
        package let body: [UInt8]

        package var description: String { "\(self.type)\(self.body.count)" }

        /// An ErrorResponse's fields.
        package var fields: [Character: String] {
            var fields: [Character: String] = [:]
            for field in self.body.split(separator: 0) {
                guard let type = field.first else { continue }
                fields[Character(Unicode.Scalar(type))] = String(decoding: field.dropFirst(), as: UTF8.self)
            }
            return fields
        }

        /// A DataRow's values.
        package var values: [String?] {
            var body = ByteBuffer(bytes: self.body)
            return (0..<(body.readInteger(as: Int16.self) ?? 0)).map { _ in
                guard let length = body.readInteger(as: Int32.self), length >= 0 else { return nil }
                return body.readString(length: Int(length))
            }
        }

        /// A RowDescription's columns: name and type.
        package var columns: [String] {
            var body = ByteBuffer(bytes: self.body)
            return (0..<(body.readInteger(as: Int16.self) ?? 0)).map { _ in
                let name = body.readText() ?? ""
                _ = body.readBytes(length: 6)
                let type = body.readInteger(as: Int32.self) ?? 0
                _ = body.readBytes(length: 8)
                return "\(name):\(type)"
            }
        }

        /// Texts that each end with a NUL.
        package var texts: [String] {
            self.body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    package static func startup(
        _ parameters: [(String, String)] = [("user", "wamp"), ("database", "wamp")], code: UInt32 = 3 << 16
    ) -> [UInt8] {
        var packet = ByteBuffer()
        packet.writeInteger(code)
        for (name, value) in parameters {
            packet.writeString(name + "\0" + value + "\0")
        }
        packet.writeInteger(UInt8(0))
        return self.packet(Array(packet.readableBytesView))
    }

    /// A packet of the time before there are types.
    package static func packet(_ body: [UInt8]) -> [UInt8] {
        Array(ByteBuffer(integer: Int32(body.count + 4)).readableBytesView) + body
    }

    package static func request(_ code: UInt32, _ rest: [UInt8] = []) -> [UInt8] {
        self.packet(Array(ByteBuffer(integer: code).readableBytesView) + rest)
    }

    package static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        Array(String(type).utf8) + self.packet(body)
    }

    package static func query(_ text: String) -> [UInt8] {
        self.message("Q", Array(text.utf8) + [0])
    }

    package static func saslInitial(_ response: [UInt8]?, mechanism: String = "SCRAM-SHA-256") -> [UInt8] {
        var body = ByteBuffer(string: mechanism + "\0")
        body.writeInteger(Int32(response?.count ?? -1))
        body.writeBytes(response ?? [])
        return self.message("p", Array(body.readableBytesView))
    }

    /// Takes what a server has sent apart; octets without a type are given as such.
    package static func messages(_ output: ByteBuffer) -> [Message] {
        var output = output
        var messages: [Message] = []
        while let type = output.readInteger(as: UInt8.self) {
            if type == UInt8(ascii: "N") {
                messages.append(Message(type: "N", body: []))
                continue
            }
            guard let length = output.readInteger(as: Int32.self), let body = output.readBytes(length: Int(length) - 4)
            else {
                messages.append(Message(type: "?", body: []))
                break
            }
            messages.append(Message(type: Character(Unicode.Scalar(type)), body: body))
        }
        return messages
    }
}

extension ByteBuffer {
    /// Takes the characters up to the next NUL, and it.
    fileprivate mutating func readText() -> String? {
        guard let end = self.readableBytesView.firstIndex(of: 0) else { return nil }
        defer { self.moveReaderIndex(forwardBy: 1) }
        return self.readString(length: end - self.readerIndex)
    }
}
