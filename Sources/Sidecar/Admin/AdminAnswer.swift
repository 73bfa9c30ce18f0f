import NIOCore

/// What a client of the admin port gets.
struct AdminAnswer: Equatable {
    /// Those that are used here.
    enum Status: Int {
        case ok = 200
        case badRequest = 400
        case unauthorized = 401
        case notFound = 404
        case methodNotAllowed = 405
        case payloadTooLarge = 413
        case uriTooLong = 414
        case misdirectedRequest = 421
        case requestHeaderFieldsTooLarge = 431
        case internalServerError = 500
        case serviceUnavailable = 503
    }

    var status: Status
    var headers: [(name: String, value: String)]
    var body: ByteBuffer
    /// Whether the connection ends with it.
    var isLast = false

    init(
        _ status: Status, type: String, headers: [(name: String, value: String)] = [], body: ByteBuffer
    ) {
        self.status = status
        self.headers =
            [
                ("Content-Type", type), ("Content-Length", "\(body.readableBytes)"), ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ] + headers
        self.body = body
    }

    /// A text for people.
    static func text(
        _ status: Status, _ text: String, headers: [(name: String, value: String)] = []
    ) -> AdminAnswer {
        AdminAnswer(status, type: "text/plain; charset=utf-8", headers: headers, body: ByteBuffer(string: text + "\n"))
    }

    /// A document for programs.
    static func json(
        _ status: Status, _ body: ByteBuffer, headers: [(name: String, value: String)] = []
    ) -> AdminAnswer {
        AdminAnswer(status, type: "application/json", headers: headers, body: body)
    }

    /// Why there is nothing else; the connection ends with it, because what the client sends next has no meaning.
    static func last(_ status: Status, _ text: String) -> AdminAnswer {
        var answer = AdminAnswer.text(status, text)
        answer.isLast = true
        return answer
    }

    static func == (one: AdminAnswer, other: AdminAnswer) -> Bool {
        one.status == other.status && one.body == other.body && one.isLast == other.isLast
            && one.headers.elementsEqual(other.headers) { $0.name == $1.name && $0.value == $1.value }
    }
}
