import TestChecks
import Testing

@testable import Postgres

@Suite("libpq")
struct ClientLibraryTests {
    @Test(
        "its version is written as PostgreSQL writes it",
        arguments: [(150_014, "15.14"), (170_006, "17.6"), (180_000, "18.0")])
    func version(number: Int, text: String) {
        check(ClientLibrary.text(number), text)
    }
}
