/// What `/live` says: that the event loop turns, which it says by answering.
enum LivePage {
    /// - Parameter fault: what the process has beside the loop and does not answer.
    static func answer(fault: String?) -> AdminAnswer {
        fault.map { .text(.internalServerError, $0) } ?? .text(.ok, "ok")
    }
}
