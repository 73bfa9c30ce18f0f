package import NIOCore

/// The messages of a server.
extension ByteBuffer {
    /// The contents of an Authentication message.
    package enum WireAuthentication: Sendable, Equatable {
        /// The client is authenticated.
        case ok
        /// The mechanisms to choose from.
        case sasl([String])
        /// The mechanism's next message.
        case saslContinue([UInt8])
        /// The mechanism's last message.
        case saslFinal([UInt8])
    }

    /// Authentication.
    package mutating func writeWireAuthentication(_ authentication: WireAuthentication) {
        self.writeWireMessage(UInt8(ascii: "R")) { body in
            switch authentication {
            case .ok:
                body.writeInteger(Int32(0))
            case .sasl(let mechanisms):
                body.writeInteger(Int32(10))
                for mechanism in mechanisms { body.writeCString(mechanism) }
                body.writeInteger(UInt8(0))
            case .saslContinue(let message):
                body.writeInteger(Int32(11))
                body.writeBytes(message)
            case .saslFinal(let message):
                body.writeInteger(Int32(12))
                body.writeBytes(message)
            }
        }
    }

    /// NegotiateProtocolVersion: the newest version that we speak, and the options that we do not know.
    package mutating func writeWireNegotiation(unknownOptions: [String]) {
        self.writeWireMessage(UInt8(ascii: "v")) { body in
            body.writeInteger(Int32(3) << 16)
            body.writeInteger(Int32(clamping: unknownOptions.count))
            for option in unknownOptions { body.writeCString(option) }
        }
    }

    /// ParameterStatus.
    package mutating func writeWireParameter(_ name: String, _ value: String) {
        self.writeWireMessage(UInt8(ascii: "S")) { body in
            body.writeCString(name)
            body.writeCString(value)
        }
    }

    /// BackendKeyData.
    package mutating func writeWireKey(process: Int32, secret: Int32) {
        self.writeWireMessage(UInt8(ascii: "K")) { body in
            body.writeInteger(process)
            body.writeInteger(secret)
        }
    }

    /// ReadyForQuery; there are no transactions.
    package mutating func writeWireReady() {
        self.writeWireMessage(UInt8(ascii: "Z")) { $0.writeInteger(UInt8(ascii: "I")) }
    }

    /// EmptyQueryResponse.
    package mutating func writeWireEmptyQuery() {
        self.writeWireMessage(UInt8(ascii: "I")) { _ in }
    }

    /// CommandComplete.
    package mutating func writeWireComplete(_ tag: String) {
        self.writeWireMessage(UInt8(ascii: "C")) { $0.writeCString(tag) }
    }

    /// RowDescription.
    package mutating func writeWireDescription(_ columns: [WireColumn]) {
        self.writeWireMessage(UInt8(ascii: "T")) { body in
            body.writeInteger(Int16(clamping: columns.count))
            for column in columns {
                body.writeCString(column.name)
                body.writeInteger(Int32(0))  // of no table
                body.writeInteger(Int16(0))
                body.writeInteger(column.type.rawValue)
                body.writeInteger(Int16(-1))  // of any length
                body.writeInteger(Int32(-1))
                body.writeInteger(Int16(0))  // as text
            }
        }
    }

    /// DataRow; nil is SQL's null.
    package mutating func writeWireRow(_ values: [ByteBuffer?]) {
        let octets = values.reduce(0) { $0 + 4 + ($1?.readableBytes ?? 0) }
        self.reserveCapacity(minimumWritableBytes: octets + 7)
        self.writeWireMessage(UInt8(ascii: "D")) { body in
            body.writeInteger(Int16(clamping: values.count))
            for value in values {
                if let value {
                    body.writeInteger(Int32(clamping: value.readableBytes))
                    body.writeImmutableBuffer(value)
                } else {
                    body.writeInteger(Int32(-1))
                }
            }
        }
    }

    /// ErrorResponse.
    package mutating func writeWireError(_ error: WireError) {
        self.writeWireMessage(UInt8(ascii: "E")) { body in
            let fields: [(Unicode.Scalar, String?)] = [
                ("S", error.severity.rawValue), ("V", error.severity.rawValue), ("C", error.code),
                ("M", error.message), ("D", error.detail), ("H", error.hint),
            ]
            for (type, value) in fields {
                guard let value else { continue }
                body.writeInteger(UInt8(ascii: type))
                body.writeCString(value)
            }
            body.writeInteger(UInt8(0))
        }
    }

    /// Writes a type, then the length of the body including the length itself, then the body.
    private mutating func writeWireMessage(_ type: UInt8, _ body: (inout ByteBuffer) -> Void) {
        self.writeInteger(type)
        let start = self.writerIndex
        self.writeInteger(Int32(0))
        body(&self)
        // What we send is far shorter than that: a router's messages are bounded.
        assert(self.writerIndex - start <= Int(Int32.max))
        self.setInteger(Int32(clamping: self.writerIndex - start), at: start)
    }

    /// A text and the NUL that ends it.
    private mutating func writeCString(_ text: String) {
        if text.utf8.contains(0) {
            for scalar in text.unicodeScalars { self.writeString(scalar == "\0" ? "\u{FFFD}" : String(scalar)) }
        } else {
            self.writeString(text)
        }
        self.writeInteger(UInt8(0))
    }
}
