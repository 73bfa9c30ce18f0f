package import NIOCore
import Names

/// Messages that exceed the limit: their first octets say what they are about.
extension Serializer {
    /// The octets that ``message(beginning:)`` needs: the ids stand at the front.
    package static let octetsOfBeginning = 128

    /// The message of which only the beginning was kept, with a payload that can't be used. Nil if it can't be read, or
    /// is of a kind that may not be that long.
    ///
    /// - Parameter octets: its first octets, ``octetsOfBeginning`` of them.
    package func message(beginning octets: ByteBuffer) -> IncomingMessage? {
        let numbers: [Int64] =
            switch self.id {
            case .json: Self.numbers(octets)
            case .msgpack: Self.numbers(octets, by: MessagePackReader.self)
            case .cbor: Self.numbers(octets, by: CBORReader.self)
            }
        guard numbers.count > 1, let kind = Int(exactly: numbers[0]).flatMap({ MessageKind(rawValue: $0) }) else {
            return nil
        }
        let payload = Payload(fault: .messageTooLong)
        switch kind {
        case .result:
            return RequestID(numbers[1]).map { .result(CallResult(request: $0, payload: payload)) }
        case .invocation:
            guard numbers.count > 2, let request = RequestID(numbers[1]), let registration = RegistrationID(numbers[2])
            else { return nil }
            return .invocation(Invocation(request: request, registration: registration, payload: payload))
        case .event:
            guard numbers.count > 2, let subscription = SubscriptionID(numbers[1]) else { return nil }
            return .event(
                Event(
                    subscription: subscription, publication: PublicationID(checked: numbers[2]), payload: payload))
        case .error:
            guard numbers.count > 2, let request = RequestID(numbers[2]),
                let failed = Int(exactly: numbers[1]).flatMap({ MessageKind(rawValue: $0) }), failed.canFail
            else { return nil }
            return .error(
                ErrorMessage(
                    requestKind: failed, request: request, uri: WAMPError.payloadSizeExceeded.text, payload: payload))
        case .hello, .welcome, .abort, .challenge, .authenticate, .goodbye, .publish, .published, .subscribe,
            .subscribed,
            .unsubscribe, .unsubscribed, .call, .cancel, .register, .registered, .unregister, .unregistered, .interrupt,
            .yield:
            return nil
        }
    }

    /// The integers at the front of a list, up to three.
    private static func numbers(_ text: ByteBuffer) -> [Int64] {
        var rest = text.readableBytesView[...]
        func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || (0x09...0x0D).contains(octet) }
        rest = rest.drop(while: isSpace)
        guard rest.popFirst() == UInt8(ascii: "[") else { return [] }
        var numbers: [Int64] = []
        while numbers.count < 3 {
            rest = rest.drop(while: isSpace)
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { break }
            rest = rest.dropFirst(digits.count).drop(while: isSpace)
            guard rest.popFirst() == UInt8(ascii: ",") else { break }
            numbers.append(number)
        }
        return numbers
    }

    private static func numbers<Reader: BinaryReader>(_ octets: ByteBuffer, by: Reader.Type) -> [Int64] {
        var numbers: [Int64] = []
        let room = 256
        octets.withUnsafeReadableBytes { octets in
            var reader = Reader(octets)
            while numbers.count < 3 {
                var text = ByteBuffer()
                var item: BinaryItem?
                text.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                    guard var writer = JSONTextWriter(target, capacity: room) else { return 0 }
                    item = try? reader.next(&writer)
                    return writer.count
                }
                switch item {
                case .list where numbers.isEmpty && text.readableBytes == 0,
                    .indefiniteList where numbers.isEmpty && text.readableBytes == 0:
                    continue
                case .number:
                    guard let number = Int64(String(buffer: text)) else { return }
                    numbers.append(number)
                case .list, .indefiniteList, .null, .bool, .text, .otherString, .dictionary, .indefiniteDictionary, nil:
                    return
                }
            }
        }
        return numbers
    }
}
