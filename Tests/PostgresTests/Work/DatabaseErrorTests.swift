import Testing

@testable import Postgres

@Suite("Who has chosen an error's SQLSTATE")
struct DatabaseErrorTests {
    @Test(
        "functions and other servers have",
        arguments: [
            "exec_stmt_raise", "PLy_output", "dblink_res_error", "pgfdw_report_error", "pgfdw_report_internal",
        ])
    func raised(_ routine: String) {
        #expect(DatabaseError.isRaising(routine))
    }

    @Test(
        "and otherwise this server has",
        arguments: ["FileWriteV", "mdextend", "AllocSetAlloc", "InitProcess", "PLy_elog_impl", "exec_stmt_assert", ""])
    func notRaised(_ routine: String) {
        #expect(!DatabaseError.isRaising(routine))
    }
}
