import NIOCore
import WAMP

@testable import WAMPClient

/// Records what a transport reports.
final class RecordingReceiver: TransportReceiver {
    var transport: MessageTransport?
    var serializer: SerializerID?
    var passedOver: [ByteBuffer] = []
    var messages: [String] = []
    var fault: ConnectionFault?
    var isClosed = false
    var writabilities: [Bool] = []
    var heard = 0
    var channelID: [UInt8]?
    var onMessage: (RecordingReceiver, String) -> Void = { _, _ in }

    func transportSecured(channelID: [UInt8]?) {
        self.channelID = channelID
    }

    func transportOpened(_ transport: MessageTransport, serializer: SerializerID?) {
        self.transport = transport
        self.serializer = serializer
    }

    func transportHeard(octets: Int) {
        self.heard += 1
    }

    func transportReceived(_ message: ByteBuffer) {
        let text = String(buffer: message)
        self.messages.append(text)
        self.onMessage(self, text)
    }

    func transportSkipped(beginning: ByteBuffer) {
        self.passedOver.append(beginning)
    }

    func transportWritabilityChanged(_ isWritable: Bool) {
        self.writabilities.append(isWritable)
    }

    func transportFailed(_ fault: ConnectionFault) {
        self.fault = fault
    }

    func transportClosed() {
        self.isClosed = true
    }

    func send(_ text: String) -> SendOutcome? {
        self.transport?.send { $0.writeString(text) }
    }
}
