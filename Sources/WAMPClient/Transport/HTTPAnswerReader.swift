import NIOCore

/// Reads the head of an HTTP answer that arrives in pieces, and leaves what follows it.
///
/// Sans I/O. The head is bounded. Interim answers (RFC 9110 section 15.2) are skipped, except 101, which is final.
struct HTTPAnswerReader {
    /// The result of the octets so far.
    enum Action: Equatable {
        /// More octets are needed.
        case wait
        /// The head is complete.
        case answer(HTTPAnswer)
        /// The octets are not HTTP.
        case notHTTP
        /// The head exceeds the limit.
        case tooLong
    }

    /// The longest head, in octets, including interim answers.
    static let greatestHead = 32 * 1024

    /// The answer whose status is known and whose head is not complete.
    private(set) var begun: HTTPAnswer?
    /// The octets that were taken so far.
    private var taken = 0
    /// The octets at the buffer's beginning that are known to hold no line's end.
    private var scanned = 0

    /// Takes as much of the head as there is.
    mutating func received(_ buffer: inout ByteBuffer) -> Action {
        if self.taken == 0, !buffer.readableBytesView.starts(with: "HTTP/1.".utf8.prefix(buffer.readableBytes)) {
            return .notHTTP
        }
        while let line = self.nextLine(&buffer) {
            guard var answer = self.begun else {
                guard let answer = HTTPAnswer(statusLine: line) else { return .notHTTP }
                self.begun = answer
                continue
            }
            // No second reference while appending.
            self.begun = nil
            if line.isEmpty {
                let isInterim = answer.status < 200 && answer.status != 101
                guard isInterim else { return .answer(answer) }
            } else {
                guard answer.add(line: line) else { return .notHTTP }
                self.begun = answer
            }
        }
        return self.taken + buffer.readableBytes < Self.greatestHead ? .wait : .tooLong
    }

    /// A line without its end, once it is complete and within the bound.
    private mutating func nextLine(_ buffer: inout ByteBuffer) -> String? {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(self.scanned).firstIndex(of: UInt8(ascii: "\n")) else {
            self.scanned = buffer.readableBytes
            return nil
        }
        let length = end - view.startIndex
        guard self.taken + length < Self.greatestHead, var line = buffer.readBytes(length: length) else { return nil }
        buffer.moveReaderIndex(forwardBy: 1)
        self.scanned = 0
        self.taken += length + 1
        if line.last == UInt8(ascii: "\r") {
            line.removeLast()
        }
        return String(decoding: line, as: UTF8.self)
    }
}
