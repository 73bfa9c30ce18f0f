import Postgres

/// Takes the single row of a statement's answer.
final class RelayAnswer: WorkHandler {
    private unowned let relay: OutboxRelay
    private let name: String
    private let isRemoval: Bool
    private let completion: ([String?]) -> Void
    private var row: [String?] = []

    init(
        relay: OutboxRelay, name: String, isRemoval: Bool = false, completion: @escaping ([String?]) -> Void
    ) {
        self.relay = relay
        self.name = name
        self.isRemoval = isRemoval
        self.completion = completion
    }

    func received(_ row: borrowing ResultRow, of work: Work) {
        self.row = (0..<row.columnCount).map { column in
            row.withText(column) { $0.map { String(decoding: $0, as: UTF8.self) } }
        }
    }

    func restarted(_ work: Work) {}

    func ended(_ work: Work, outcome: WorkOutcome) {
        if self.isRemoval { self.relay.removalEnded() }
        switch outcome {
        case .committed: self.completion(self.row)
        case .failed(let error): self.relay.failed(self.name, error.description)
        case .canceled, .timedOut, .refused, .unknown: break
        }
    }
}
