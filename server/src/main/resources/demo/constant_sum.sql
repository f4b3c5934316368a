select count(*) as accounts, sum(balance) as total from bank.accounts
