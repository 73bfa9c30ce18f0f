-- What the client's calls have left.
select name, email from account.person order by id;
