/// Receives the results of a unit of work, on the event loop.
package protocol WorkHandler: AnyObject {
    /// A row of the command's result. It counts only when ``ended(_:outcome:)`` reports that the transaction is
    /// committed.
    func received(_ row: borrowing ResultRow, of work: Work)
    /// The server's description of a statement.
    func described(_ shape: StatementShape, of work: Work)
    /// The results so far are void: the work runs again.
    func restarted(_ work: Work)
    /// The end. Nothing comes after it.
    func ended(_ work: Work, outcome: WorkOutcome)
}

extension WorkHandler {
    package func described(_ shape: StatementShape, of work: Work) {}
}
