import NIOCore
import Testing

@testable import WAMPClient

@Suite struct HTTPAnswerReaderTests {
    /// Reads a text in two pieces, cut at each place: the result must be the same as for one piece, and the rest must
    /// be left.
    private static func read(_ text: String) -> (action: HTTPAnswerReader.Action, rest: String) {
        var reader = HTTPAnswerReader()
        var buffer = ByteBuffer(string: text)
        let action = reader.received(&buffer)
        for cut in 0..<text.utf8.count {
            var reader = HTTPAnswerReader()
            var pieces = ByteBuffer(bytes: text.utf8.prefix(cut))
            let first = reader.received(&pieces)
            guard case .wait = first else {
                #expect(first == action, "cut at \(cut)")
                continue
            }
            pieces.writeBytes(text.utf8.dropFirst(cut))
            #expect(reader.received(&pieces) == action, "cut at \(cut)")
            #expect(pieces == buffer, "cut at \(cut)")
        }
        return (action, String(buffer: buffer))
    }

    @Test func answer() throws {
        let (action, rest) = Self.read(
            "HTTP/1.1 404 Not  Found\r\nServer: x\r\nEMPTY:\r\nVia:\t a,b ,, c \r\nvia: d\r\n\r\n\0rest")
        guard case .answer(let answer) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(rest == "\0rest")
        #expect(answer.status == 404)
        #expect(answer.reason == "Not  Found")
        #expect(answer.values("server") == ["x"])
        #expect(answer.values("empty") == [""])
        #expect(answer.values("via") == ["a,b ,, c", "d"])
        #expect(answer.elements("via") == ["a", "b", "c", "d"])
        #expect(answer.values("none").isEmpty)
    }

    @Test(arguments: [
        ("HTTP/1.1 200\r\n\r\n", 200, ""), ("HTTP/1.0 200 \n\n", 200, ""), ("HTTP/1.1 101 A\r\n\r\n", 101, "A"),
        ("HTTP/1.1 100 C\r\nA: b\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, "OK"),
    ])
    func statuses(_ text: String, _ status: Int, _ reason: String) {
        let (action, rest) = Self.read(text)
        #expect(action == HTTPAnswer(statusLine: "HTTP/1.1 \(status) \(reason)").map { .answer($0) })
        #expect(rest.isEmpty)
    }

    @Test(arguments: [
        "\u{7F}", "HTTP/2 200 OK\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 099 OK\r\n",
        "HTTP/1.1 600 OK\r\n",
        "HTTP/1.1  200 OK\r\n", "HTTP/1.1 -20 OK\r\n", "HTTP/1.1 200 OK\r\nno field\r\n", "HTTP/1.1 200 OK\r\n: x\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n", "HTTP/1.1 100 C\r\n\r\nSSH\r\n",
    ])
    func notHTTP(_ text: String) {
        #expect(Self.read(text).action == .notHTTP)
    }

    @Test func begun() {
        var reader = HTTPAnswerReader()
        var buffer = ByteBuffer(string: "HTTP/1.1 403 No\r\nA: b\r\n")
        #expect(reader.received(&buffer) == .wait)
        #expect(reader.begun?.status == 403)
    }

    /// A head of exactly the greatest length is read, a longer one is not kept.
    @Test func isBounded() {
        for (length, isRead) in [(HTTPAnswerReader.greatestHead, true), (HTTPAnswerReader.greatestHead + 1, false)] {
            let beginning = "HTTP/1.1 200 OK\r\nA: "
            let filler = String(repeating: "x", count: length - beginning.utf8.count - 4)
            var reader = HTTPAnswerReader()
            var buffer = ByteBuffer(string: beginning + filler + "\r\n\r\n")
            if case .answer = reader.received(&buffer) {
                #expect(isRead)
            } else {
                #expect(!isRead)
            }
        }
    }
}
