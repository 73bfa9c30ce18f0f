import Testing

@testable import SQLInterface

@Suite struct InstallationPlanTests {
    /// A superuser, and an empty database.
    private var nothing: SchemaSurvey {
        var survey = SchemaSurvey()
        survey.currentRole = "postgres"
        survey.isSuperuser = true
        survey.isMemberOfOwner = true
        survey.database = "app"
        survey.systemIdentifier = "7"
        survey.dblinkIsAvailable = true
        survey.guest.mayBeMade = true
        survey.guest.name = "wamp_guest"
        return survey
    }

    /// The same, with everything installed.
    private var everything: SchemaSurvey {
        var survey = self.nothing
        survey.schemaOwner = "wamp_owner"
        survey.isEmpty = false
        survey.ownerRoleExists = true
        survey.ownerRole.comment = InstallationMarks(schema: "wamp", database: "app").owner
        survey.serverOwner = "wamp_owner"
        survey.dblinkIsMade = true
        survey.sidecarRoleExists = true
        survey.sidecarRoleHasPassword = true
        survey.formerRoleExists = true
        survey.guest.kept = "wamp_guest"
        survey.guest.isIntact = true
        survey.guest.exists = true
        survey.dblinkSchema = "wamp_dblink"
        survey.dblinkIsUsable = true
        survey.meta = [
            "version": "\(SchemaScript.version)", "least_binary": "0.2.0", "database": "app", "system_identifier": "7",
            "sidecar_role": "wamp", "dblink_schema": "wamp_dblink",
        ]
        return survey
    }

    private func plan(_ request: InstallationRequest, on survey: SchemaSurvey) throws -> InstallationPlan {
        try InstallationPlan(request, on: survey, binary: "0.2.0")
    }

    private func titles(_ plan: InstallationPlan) -> [String] { plan.steps.map(\.title).filter { !$0.isEmpty } }

    @Test func anEmptyDatabase() throws {
        let plan = try self.plan(
            InstallationRequest(schema: "wamp", role: "wamp", verifier: "SCRAM$x"), on: self.nothing)
        #expect(
            self.titles(plan) == [
                "role wamp_owner, which owns the interface", "role wamp, which the sidecar connects as",
                "bound values of wamp stay out of the server's log", "schema wamp",
                "tables and functions, version 1", "tables and functions, version 2",
                "tables and functions, version 3", "identity of this database",
                "role wamp_guest, which runs the functions of low roles", "rights",
                "extension dblink in schema wamp_dblink, and the call port's foreign server",
            ])
        #expect(plan.warnings.isEmpty)
        // The owner makes the objects, and at the end the administrator's role is set again.
        let roles = plan.steps.map(\.sql).filter { $0.hasPrefix("set local role") }
        let owner = "set local role \"wamp_owner\";"
        let administrator = "set local role \"postgres\";"
        #expect(roles == [owner, administrator, owner, administrator])
        #expect(plan.steps.contains { $0.sql.contains("password 'SCRAM$x'") })
        // The printed text contains no password, nor a place for one.
        #expect(!plan.steps.contains { $0.shown.contains("SCRAM$x") || $0.shown.contains("login noinherit password") })
        #expect(plan.steps.contains { $0.shown.contains("-- \\password \"wamp\"") })
    }

    @Test func nothingButRightsAgain() throws {
        let plan = try self.plan(InstallationRequest(schema: "wamp", role: "wamp"), on: self.everything)
        #expect(self.titles(plan) == ["rights", "the call port's foreign server, by dblink in schema wamp_dblink"])
        #expect(plan.steps.allSatisfy { $0.isRepair || $0.title.isEmpty }, "reported only if it changes something")
    }

    /// Version 1 left no notes in the catalog: they are added where they can be true.
    @Test func anOwnerOfVersion1IsMarked() throws {
        var survey = self.everything
        survey.ownerRole.comment = nil
        let request = InstallationRequest(schema: "wamp", role: "wamp")
        let mark = try #require(try self.plan(request, on: survey).steps.first)
        #expect(mark.sql.hasPrefix("comment on role \"wamp_owner\" is 'made by wamp-sidecar install to own schema"))
        survey.ownerRole.members = ["somebody"]
        #expect(try !self.plan(request, on: survey).steps.contains { $0.sql.contains("comment on role") })
    }

    /// The note of the extension is dropped with it, and an existing schema for it is not made again.
    @Test func aSchemaForDblinkIsMadeOnce() throws {
        var survey = self.nothing
        let request = InstallationRequest(schema: "wamp", role: "wamp")
        func steps() throws -> String { try self.plan(request, on: survey).steps.map(\.sql).joined() }
        #expect(try steps().contains("create schema \"wamp_dblink\";"))
        survey.dblinkSpace = SchemaSurvey.DblinkSpace(owner: "postgres", isClean: true)
        #expect(try !steps().contains("create schema \"wamp_dblink\""))
        #expect(try steps().contains("comment on extension dblink is 'made by wamp-sidecar install for schema"))
        #expect(try !steps().contains("if not exists \"wamp_dblink\""))
    }

    @Test func aSidecarThatFindsItAllDoesNothing() throws {
        var survey = self.everything
        survey.currentRole = "wamp_owner"
        survey.isSuperuser = false
        survey.meta?["sidecar_role"] = "wamp_owner"
        survey.listed = ["grant_to": ["app"]]
        let plan = try self.plan(
            InstallationRequest(schema: "wamp", role: nil, grantTo: ["app"], registerTo: []), on: survey)
        #expect(plan.steps.isEmpty)
        #expect(plan.warnings.count == 1, "one role for everything is worth a warning")
    }

    /// A file that does not mention rights changes nothing; one that grants them to nobody revokes them.
    @Test(arguments: [(nil, true), ([String](), false)])
    func aFileThatNamesNobody(_ names: [String]?, keeps: Bool) throws {
        var survey = self.everything
        survey.currentRole = "wamp_owner"
        survey.meta?["sidecar_role"] = "wamp_owner"
        survey.listed = ["grant_to": ["app"]]
        let plan = try self.plan(InstallationRequest(schema: "wamp", role: nil, grantTo: names), on: survey)
        #expect(plan.steps.contains { $0.sql.contains("revoke all on all routines") } == !keeps)
    }

    @Test func whoMayRegisterWhat() throws {
        var survey = self.everything
        survey.listed = ["register_to": ["app"]]
        let plan = try self.plan(
            InstallationRequest(
                schema: "wamp", role: "wamp", registerTo: [],
                registerPrefixes: try RegisterPrefixes.read(["app=com.a.", "app=com.b.", "app=com.a."])), on: survey)
        #expect(self.titles(plan).contains("app may register names that begin with com.a. or com.b."))
        #expect(throws: InstallationRefusal.self) {
            try self.plan(
                InstallationRequest(
                    schema: "wamp", role: "wamp", registerPrefixes: try RegisterPrefixes.read(["other=com.a."])),
                on: survey)
        }
    }

    /// Without the right to create roles everything except the guest role is installed.
    @Test func withoutAGuest() throws {
        var survey = self.nothing
        survey.guest.mayBeMade = false
        let plan = try self.plan(InstallationRequest(schema: "wamp", role: "wamp"), on: survey)
        #expect(!plan.steps.contains { $0.sql.contains("wamp_guest") })
        #expect(plan.warnings.contains { $0.contains("may not create the guest role") })
    }

    private func deeds(_ request: InstallationRequest, on survey: SchemaSurvey) throws -> [String] {
        try self.plan(request, on: survey).steps.filter { !$0.title.isEmpty && !$0.isRepair }.map(\.deed.description)
    }

    @Test func rightsAreAddedAndTakenByName() throws {
        var survey = self.everything
        survey.listed = ["grant_to": ["app", "old"], "register_to": ["app"]]
        var request = InstallationRequest(schema: "wamp", role: "wamp", grantTo: ["app", "PUBLIC"])
        #expect(try self.deeds(request, on: survey) == ["granted: publish, call to PUBLIC"])
        let added = try self.plan(request, on: survey).steps.map(\.sql).joined()
        #expect(!added.contains("revoke all on all routines in schema \"wamp\" from"))
        #expect(added.contains("('grant_to', '{\"app\",\"old\",\"PUBLIC\"}')"))

        request = InstallationRequest(schema: "wamp", role: "wamp", grantTo: ["app"], revokeFrom: ["app", "old"])
        #expect(
            try self.deeds(request, on: survey)
                == ["revoked: register, subscribe from app", "revoked: publish, call from old"])
        let steps = try self.plan(request, on: survey).steps
        let app = try #require(steps.first { $0.title.hasSuffix("from app") }).sql
        #expect(app.contains("revoke all on all routines in schema \"wamp\" from \"app\";"))
        #expect(app.contains("to \"app\";"), "what it keeps it gets again")
        #expect(steps.contains { $0.sql.contains("('grant_to', '{\"app\"}')") })

        // PUBLIC is one role, whatever its case.
        survey.listed = ["grant_to": ["PUBLIC"]]
        #expect(
            try self.deeds(InstallationRequest(schema: "wamp", role: "wamp", grantTo: ["public"]), on: survey) == [])
    }

    @Test func anotherRoleHasToBeMeant() throws {
        var request = InstallationRequest(schema: "wamp", role: "other")
        let refusal = #expect(throws: InstallationRefusal.self) { try self.plan(request, on: self.everything) }
        #expect(refusal?.description.contains("--replace-role") == true)
        request.replacesRole = true
        #expect(
            try self.deeds(request, on: self.everything) == [
                "identity of this database", "revoked: the sidecar's functions from wamp",
                "granted: the sidecar's functions to other",
            ])
        var survey = self.everything
        survey.formerRoleExists = false
        #expect(try !self.deeds(request, on: survey).contains { $0.hasPrefix("revoked") }, "it was dropped")
    }

    @Test func aPasswordIsSetWhereThereIsNone() throws {
        let request = InstallationRequest(schema: "wamp", role: "wamp", verifier: "SCRAM$x")
        var survey = self.everything
        #expect(try self.deeds(request, on: survey).isEmpty)
        #expect(try self.plan(request, on: survey).warnings.first?.contains("already has a password") == true)
        survey.sidecarRoleHasPassword = nil
        #expect(try self.deeds(request, on: survey).isEmpty, "who can't see whether there is one overwrites none")
        survey.sidecarRoleHasPassword = false
        let step = try #require(try self.plan(request, on: survey).steps.first)
        #expect(step.sql == "alter role \"wamp\" password 'SCRAM$x';")
        #expect(!step.shown.contains("SCRAM$x"))
        let without = try self.plan(InstallationRequest(schema: "wamp", role: "wamp"), on: survey)
        #expect(without.warnings.first?.contains("\n\\password \"wamp\"") == true)
    }

    @Test func withoutDblinkTheRestIsInstalled() throws {
        var survey = self.nothing
        survey.dblinkIsAvailable = false
        let plan = try self.plan(InstallationRequest(schema: "wamp", role: "wamp"), on: survey)
        #expect(self.titles(plan).last == "rights")
        #expect(plan.warnings.contains { $0.contains("create extension if not exists dblink;") })
    }

    @Test func whatIsRefused() throws {
        let request = InstallationRequest(schema: "wamp", role: "wamp")
        func refusal(_ change: (inout SchemaSurvey) -> Void) -> String {
            var survey = self.everything
            change(&survey)
            let error = #expect(throws: InstallationRefusal.self) { try self.plan(request, on: survey) }
            return error?.description ?? ""
        }
        let newer = refusal { $0.meta?["least_binary"] = "0.3" }
        #expect(newer.contains("requires wamp-sidecar 0.3 or later"))
        let copy = refusal { $0.database = "copy" }
        #expect(copy.contains("--adopt"))
        let restored = refusal { $0.systemIdentifier = "8" }
        #expect(restored.contains("--adopt"))
        let unknown = refusal { $0.unknownRoles = ["nobody"] }
        #expect(unknown.contains("nobody"))
    }

    @Test func aCopyIsAdopted() throws {
        var survey = self.everything
        survey.database = "copy"
        let plan = try self.plan(InstallationRequest(schema: "wamp", role: "wamp", adopts: true), on: survey)
        #expect(self.titles(plan).first == "this database is the original")
        #expect(plan.steps.contains { $0.sql.contains("('database', 'copy')") })
    }
}
