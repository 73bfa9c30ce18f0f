/// Collects the server's description of a statement.
final class ShapeCollector: WorkHandler {
    private let completion: (Result<StatementShape, QueryFailure>) -> Void
    private var shape: StatementShape?

    init(completion: @escaping (Result<StatementShape, QueryFailure>) -> Void) {
        self.completion = completion
    }

    func received(_ row: borrowing ResultRow, of work: Work) {}

    func described(_ shape: StatementShape, of work: Work) {
        self.shape = shape
    }

    func restarted(_ work: Work) {
        self.shape = nil
    }

    func ended(_ work: Work, outcome: WorkOutcome) {
        if let failure = QueryFailure(outcome) { return self.completion(.failure(failure)) }
        guard let shape = self.shape else {
            return self.completion(.failure(.unavailable("the server did not describe the statement")))
        }
        self.completion(.success(shape))
    }
}
