internal import NIOCore

/// Collects the rows of one rare query.
final class RowCollector: WorkHandler {
    private let completion: (Result<Rows, QueryFailure>) -> Void
    private var columns: [String] = []
    private var values: [[String?]] = []

    init(completion: @escaping (Result<Rows, QueryFailure>) -> Void) {
        self.completion = completion
    }

    func received(_ row: borrowing ResultRow, of work: Work) {
        let range = 0..<row.columnCount
        if self.columns.isEmpty { self.columns = range.map { row.name($0) } }
        self.values.append(
            range.map { column in
                unsafe row.withText(column) { bytes in unsafe bytes.map { unsafe String(decoding: $0, as: UTF8.self) } }
            })
    }

    func restarted(_ work: Work) {
        self.values.removeAll()
    }

    func ended(_ work: Work, outcome: WorkOutcome) {
        if let failure = QueryFailure(outcome) { return self.completion(.failure(failure)) }
        self.completion(.success(Rows(columns: self.columns, values: self.values)))
    }
}
