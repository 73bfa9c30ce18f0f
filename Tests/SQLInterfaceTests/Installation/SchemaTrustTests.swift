import Testing

@testable import SQLInterface

@Suite struct SchemaTrustTests {
    private func survey(_ change: (inout SchemaSurvey) -> Void = { _ in }) -> SchemaSurvey {
        var survey = SchemaSurvey()
        survey.currentRole = "postgres"
        survey.isSuperuser = true
        survey.database = "app"
        survey.dblinkIsAvailable = true
        survey.schemaOwner = "wamp_owner"
        survey.isEmpty = false
        survey.ownerRoleExists = true
        survey.ownerRole.comment = InstallationMarks(schema: "wamp", database: "other").owner
        change(&survey)
        return survey
    }

    private func refusal(role: String? = "wamp", _ change: (inout SchemaSurvey) -> Void) -> String? {
        let trust = SchemaTrust(self.survey(change), schema: "wamp", owner: "wamp_owner")
        do {
            try trust.check(InstallationRequest(schema: "wamp", role: role))
            return nil
        } catch {
            return error.description
        }
    }

    @Test func whatInstallMadeIsTrusted() {
        #expect(self.refusal { _ in } == nil)
        #expect(self.refusal { $0.ownerRole.comment = nil } == nil, "version 1 made no comments")
        #expect(self.refusal { $0.schemaOwner = nil } == nil, "made for another database")
        #expect(self.refusal { ($0.schemaOwner, $0.ownerRoleExists) = (nil, false) } == nil)
    }

    @Test func whatOthersMadeIsNot() {
        let finding = SchemaInspection.Finding(what: "view x", author: "low", isOthers: false)
        let planted = self.refusal { $0.inspection = SchemaInspection([finding]) }
        #expect(planted?.contains("view x (by low)") == true)
        let many = self.refusal { $0.inspection = SchemaInspection(Array(repeating: finding, count: 8)) }
        #expect(many?.contains("and 3 more") == true)
        #expect(self.refusal { $0.schemaOwner = "low" }?.contains("belongs to low") == true)
        #expect(self.refusal { $0.schemaOwner = "postgres" }?.contains("belongs to postgres") == true)
        #expect(self.refusal { $0.isForeign = true }?.contains("other objects") == true)
        #expect(self.refusal { $0.serverOwner = "low" }?.contains("foreign server") == true)
        let space = self.refusal { $0.dblinkSpace = SchemaSurvey.DblinkSpace(owner: "low", isClean: false) }
        #expect(space?.contains("schema wamp_dblink") == true)
    }

    @Test func anOwnersRoleThatSomebodyCanBe() {
        #expect(self.refusal { $0.ownerRole.canLogin = true }?.contains("can log in") == true)
        #expect(self.refusal { $0.ownerRole.isPrivileged = true }?.contains("attributes") == true)
        #expect(self.refusal { $0.ownerRole.members = ["low"] }?.contains("is granted to low") == true)
        let unknown = self.refusal { ($0.schemaOwner, $0.ownerRole.comment) = (nil, "made by wamp-sidecar") }
        #expect(unknown?.contains("comment on role \"wamp_owner\" is 'made by") == true)
    }

    /// If one role does everything, its own objects are trusted; an administrator only fills an empty schema.
    @Test func oneRole() {
        #expect(self.refusal(role: "low") { $0.schemaOwner = "low" }?.contains("with a URL of low") == true)
        #expect(self.refusal(role: "low") { ($0.schemaOwner, $0.isEmpty) = ("low", true) } == nil)
        func own(_ finding: SchemaInspection.Finding) -> String? {
            self.refusal(role: nil) {
                ($0.schemaOwner, $0.currentRole, $0.isSuperuser) = ("low", "low", false)
                $0.inspection = SchemaInspection([finding])
            }
        }
        #expect(own(SchemaInspection.Finding(what: "view x", author: "low", isOthers: false)) == nil)
        #expect(own(SchemaInspection.Finding(what: "view x", author: "other", isOthers: true)) != nil)
    }
}
