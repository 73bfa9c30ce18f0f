import NIOCore
import Testing

@testable import Outbox
@testable import Postgres

/// A session for leading: lists in the story what is asked in it once it is flushed, and answers as the test says.
final class RecordingSession: OwnedLeaderSession {
    private enum Answer {
        case rows([[String?]])
        case error(DatabaseError)
        case unknown(String)
    }

    private struct Request {
        let name: String
        let values: [String?]
        let answer: (Answer) -> Void
    }

    private let story: Story
    private let prefix: String
    private var unsent: [Request] = []
    private var waiting: [Request] = []
    private var lastValues: [String: [String?]] = [:]
    private(set) var isConnected = true
    var isHeld = false
    var isIdle: Bool { self.isConnected && self.unsent.isEmpty && self.waiting.isEmpty }

    /// - Parameter prefix: distinguishes it in the story from another one.
    init(_ story: Story, prefix: String = "") {
        self.story = story
        self.prefix = prefix
    }

    /// The statements by a part of their text.
    private static let names = [
        ("pg_terminate_backend", "terminate"), ("a.usename, l.granted", "strangers"), ("leader_take", "take"),
        ("leader_release", "release"), ("leader_stamp", "stamp"), ("select true, ", "stamp"),
        ("select h.pid, ", "look"), ("pg_try_advisory_lock", "lock"), ("pg_advisory_unlock", "unlock"),
        ("relay_mark", "mark"), ("pg_snapshot_xmin", "horizon"), ("'transactionid'", "holder"), ("relay_read", "read"),
        ("relay_delete", "delete"), ("relay_bury", "bury"), ("relay_truncate", "truncate"),
    ]

    private static func name(of statement: Statement) -> String {
        Self.names.first { statement.text.contains($0.0) }?.1 ?? statement.text
    }

    // MARK: - The driver's side

    func query(
        _ statement: Statement, _ parameters: Parameters, completion: @escaping (Result<Rows, QueryFailure>) -> Void
    ) {
        self.query(Self.name(of: statement), parameters.texts, completion)
    }

    func listen(to channel: String, completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.query("listen", [channel], completion)
    }

    private func query(
        _ name: String, _ values: [String?], _ completion: @escaping (Result<Rows, QueryFailure>) -> Void
    ) {
        self.add(name, values) { answer in
            switch answer {
            case .rows(let rows): completion(.success(Rows(columns: [], values: rows)))
            case .error(let error): completion(.failure(.server(error)))
            case .unknown(let reason): completion(.failure(.unavailable(reason)))
            }
        }
        self.flush()
    }

    func send(_ statement: Statement, _ parameters: Parameters, isSet: Bool, handler: any WorkHandler) {
        let work = Work(
            lane: LaneID(index: 0), command: .prepared(statement, parameters), isSet: isSet, timeout: .seconds(30),
            expires: .distantFuture, handler: handler)
        self.add(Self.name(of: statement), parameters.texts) { answer in
            switch answer {
            case .rows(let rows):
                AnsweredRows(rows).forEach { handler.received($0, of: work) }
                handler.ended(work, outcome: .committed(affectedRows: nil))
            case .error(let error): handler.ended(work, outcome: .failed(error))
            case .unknown(let reason): handler.ended(work, outcome: .unknown(reason: reason))
            }
        }
    }

    private func add(_ name: String, _ values: [String?], _ answer: @escaping (Answer) -> Void) {
        self.lastValues[name] = values
        guard self.isConnected else {
            self.story.add("\(self.prefix)\(name), in no session")
            return answer(.unknown("there is no connection to the database"))
        }
        self.unsent.append(Request(name: name, values: values, answer: answer))
    }

    func flush() {
        for request in self.unsent { self.story.add(self.prefix + request.name) }
        self.waiting += self.unsent
        self.unsent = []
    }

    func start() { self.story.add("\(self.prefix)start") }

    func stop() {
        self.story.add("\(self.prefix)stop")
        self.isConnected = false
        self.unsent = []
        self.waiting = []
    }

    func renewIfGrown() { self.story.add("\(self.prefix)renew if grown") }

    func abandon(_ reason: String, isHung: Bool) {
        self.story.add("\(self.prefix)\(isHung ? "abandon as hung" : "abandon"): \(reason)")
    }

    // MARK: - The test's side

    /// The oldest statement without an answer.
    var oldest: String? { self.waiting.first?.name }

    /// The values of the last statement of this name.
    func values(of name: String) throws -> [String?] { try #require(self.lastValues[name]) }

    /// Answers the oldest statement, which has this name.
    func answer(_ name: String, _ rows: [[String?]] = []) throws {
        try self.end(name, .rows(rows))
    }

    /// The oldest statement, which has this name, fails.
    func fail(_ name: String, _ error: DatabaseError) throws {
        try self.end(name, .error(error))
    }

    private func end(_ name: String, _ answer: Answer) throws {
        let request = try #require(self.waiting.first)
        try #require(request.name == name)
        self.waiting.removeFirst()
        request.answer(answer)
        // What is sent during an answer leaves after it.
        self.flush()
    }

    /// The session is lost, and with it all answers.
    func lose() {
        self.isConnected = false
        let lost = self.waiting + self.unsent
        (self.waiting, self.unsent) = ([], [])
        for request in lost { request.answer(.unknown("the connection was closed")) }
    }

    /// There is a new one.
    func reopen() {
        self.isConnected = true
    }
}
