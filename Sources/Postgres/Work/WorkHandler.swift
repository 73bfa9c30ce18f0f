/// Receives what becomes of a unit of work, on the event loop.
package protocol WorkHandler: AnyObject {
    /// A row of the command's result. It does not count before ``ended(_:outcome:)`` says that the transaction is
    /// committed.
    func received(_ row: borrowing ResultRow, of work: Work)
    /// What the server says about a statement that was to be described.
    func described(_ shape: StatementShape, of work: Work)
    /// What was received so far is void: the work is run again.
    func restarted(_ work: Work)
    /// The end. Nothing comes after it.
    func ended(_ work: Work, outcome: WorkOutcome)
}

extension WorkHandler {
    package func described(_ shape: StatementShape, of work: Work) {}
}
